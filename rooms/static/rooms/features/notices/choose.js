// Which events are worth a notice. Pure.

import { mentionsReader } from "../../core/unread-counts.js";
import { nameOf } from "../../ui/avatar.js";
import { counted, excerpt } from "../../ui/text.js";

/** @import { PlainState, RoomEvent, RoomState } from "../../core/shapes.js" */
/** @typedef {{ room: string, seq: number, title: string, body: string, message: number | null }} Notice */

/** Of each room the last one at most. `before` is what the page knew before the events; of a room that
 *  it does not listen to, they say only how much is unread, and how much of it mentions the reader.
 *  @param {RoomEvent[]} events
 *  @param {RoomState | PlainState} before
 *  @param {string} level
 *  @returns {Notice[]} */
export function noticesOf(events, before, level) {
  /** @type {Map<string, Notice>} */
  const found = new Map();
  for (const event of level === "nothing" ? [] : events) {
    const notice = event.type === "message.created" ? ofMessage(event, before, level) : ofCount(event, before, level);
    if (!notice) continue;
    const { room } = notice;
    const known = found.get(room);
    // That one is mentioned says more than how much is unread.
    if (known && known.seq === notice.seq && event.type === "unread") continue;
    found.set(room, notice);
  }
  return [...found.values()];
}

/** @param {RoomEvent} event
 *  @param {RoomState | PlainState} before
 *  @param {string} level
 *  @returns {Notice | null} */
function ofMessage({ message, seq = 0 }, { room, user, entries }, level) {
  if (!room || message.room !== room.slug || message.author?.id === user.id || message.deleted || message.kind === "system") return null;
  if (room.role === null || entries.some((entry) => entry.seq === seq)) return null;
  const direct = room.visibility === "direct";
  if (level !== "all" && !direct && !mentionsReader(message, user.id, true)) return null;
  const who = nameOf(message.author);
  return { room: room.slug, seq, title: direct ? who : `${who} in ${room.name}`, body: excerpt(message.body), message: message.id };
}

/** @param {RoomEvent} event
 *  @param {RoomState | PlainState} before
 *  @param {string} level
 *  @returns {Notice | null} */
function ofCount({ type, room: slug, seq = 0, unread, mentions }, { room, rooms }, level) {
  const known = rooms.find((row) => row.slug === slug);
  if (!known || slug === room?.slug) return null;
  const told = { room: known.slug, seq, title: known.name, message: null };
  if (type === "mentions" && mentions > (known.mentions ?? 0)) return { ...told, body: "You are mentioned here" };
  if (type !== "unread" || unread <= known.unread) return null;
  if (level !== "all" && known.visibility !== "direct") return null;
  return { ...told, body: counted(unread, "unread message") };
}
