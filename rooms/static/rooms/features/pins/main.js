// What pins add to a room: a way to pin a message, and what is pinned in the right column.

import { addReducer, messageActions, panels } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { excerpt, wordsOf } from "../../ui/text.js";
import { toast } from "../../ui/toast.js";
import { pinned } from "./panel.js";
import { pinsOf, reducers } from "./store.js";

/** @import { Message, Room, RoomState } from "../../core/shapes.js" */

/** Whether this person may pin here, as far as the page knows. Pure.
 *  @param {RoomState} state */
export const mayPin = ({ room, may, withdrawn }) => Boolean(room?.role && !room.archived && withdrawn === null && may[room.role]?.pin);

for (const [type, reduce] of Object.entries(reducers)) addReducer(type, reduce);
panels.unshift(pinned);
const isPinned = (state, { id }) => id in pinsOf(state);

messageActions.push({
  name: "pin",
  title: "Pin",
  label: ({ author, body }) => `Pin the message of ${nameOf(author)}: ${excerpt(body)}`,
  icon: "pin",
  key: "p",
  allowed: (message, state) => mayPin(state) && !isPinned(state, message),
  run: (message, room) => change(message, room, "pin", "Pinned"),
});
messageActions.push({
  name: "unpin",
  title: "Unpin",
  label: ({ author, body }) => `Unpin the message of ${nameOf(author)}: ${excerpt(body)}`,
  icon: "unpin",
  key: "p",
  allowed: (message, state) => mayPin(state) && isPinned(state, message),
  run: (message, room) => change(message, room, "unpin", "Unpinned"),
});

/** @param {Message} message
 *  @param {Room} room
 *  @param {string} type
 *  @param {string} done */
async function change({ id, room: slug }, room, type, done) {
  try {
    room.complain(null);
    await room.command({ type, room: slug, message: id }, { resend: true });
    toast(done);
  } catch (refused) {
    room.complain(wordsOf(refused));
  }
}
