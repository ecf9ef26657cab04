// Who may post in a room, and how often, as far as its page knows. Pure.

import { endOf } from "../../core/mutes.js";

/** @import { RoomRow } from "../../core/shapes.js" */

const role = ({ role }) => role ?? "none";

/** Whether this person may post here at all.
 *  @param {{ room: RoomRow, may?: Record<string, any> }} state */
export function mayPost({ room, may }) {
  if (room.muted_until) return false;
  return room.who_posts !== "moderators" || Boolean(may?.[role(room)]?.announce);
}

/** What stands in place of the field for those who may not; null: they may.
 *  @param {{ room: RoomRow, may?: Record<string, any> }} state
 *  @param {number} now */
export function closedWords({ room, may }, now) {
  if (room.muted_until) return `You are muted here until ${endOf(room.muted_until, now)}.`;
  return mayPost({ room, may }) ? null : `Only owners and moderators post in ${room.name}. You can read and react.`;
}

/** How many seconds this person waits from one message to the next.
 *  @param {{ room: RoomRow, may?: Record<string, any> }} state */
export function paceOf({ room, may }) {
  return may?.[role(room)]?.announce ? 0 : (room.slow_mode ?? 0);
}
