// The page's icon says whether something waits: a spot, of another colour where somebody is mentioned.

import { one } from "../../ui/dom.js";

/** @import { RoomRow } from "../../core/shapes.js" */

/** Which icon there is to be. Pure.
 *  @param {RoomRow[]} rooms
 *  @param {string | null} attended the room that is looked at
 *  @returns {"plain" | "unread" | "mentions"} */
export function iconOf(rooms, attended) {
  const waiting = rooms.filter(({ slug, unread }) => slug !== attended && unread > 0);
  if (waiting.some(({ mentions, visibility }) => mentions > 0 || visibility === "direct")) return "mentions";
  return waiting.length ? "unread" : "plain";
}

/** @param {RoomRow[]} rooms
 *  @param {string | null} attended */
export function drawIcon(rooms, attended) {
  const link = one('link[rel="icon"]');
  const address = link.dataset[iconOf(rooms, attended)];
  if (address && link.getAttribute("href") !== address) link.setAttribute("href", address);
}
