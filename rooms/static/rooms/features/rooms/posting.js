// Who may post in a room, and how often, as far as its page knows. Pure.

/** @import { RoomRow } from "../../core/shapes.js" */

const role = ({ role }) => role ?? "none";

/** Whether this person may post here at all.
 *  @param {{ room: RoomRow, may?: Record<string, any> }} state */
export function mayPost({ room, may }) {
  return room.who_posts !== "moderators" || Boolean(may?.[role(room)]?.announce);
}

/** How many seconds this person waits from one message to the next.
 *  @param {{ room: RoomRow, may?: Record<string, any> }} state */
export function paceOf({ room, may }) {
  return may?.[role(room)]?.announce ? 0 : (room.slow_mode ?? 0);
}
