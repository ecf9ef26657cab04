// To say it better: one's own message comes into the field, and what is saved there takes its place.

import { changeOf } from "../../core/changed-messages.js";
import { now } from "../../core/clock.js";
import { messageActions } from "../../core/extensions.js";
import { mayPost } from "../rooms/posting.js";
import { lastEntry } from "../../core/window.js";
import { excerpt, wordsOf } from "../../ui/text.js";

/** @import { Message, Room, RoomState } from "../../core/shapes.js" */

/** Whether this person may edit a message, as far as the page knows. Pure.
 *  @param {Message} message
 *  @param {RoomState} state
 *  @param {number} at */
export function mayEdit({ author, kind, at: said, deleted }, { user, room, withdrawn, may }, at) {
  if (author?.id !== user.id || kind !== "text" || deleted || !room?.role || room.archived || withdrawn || !mayPost({ room, may })) return false;
  if (typeof room.edit_window !== "number") return room.edit_window === "always";
  return at < Date.parse(said) + 1000 * room.edit_window;
}

messageActions.push({
  name: "edit",
  title: "Edit",
  label: ({ body }) => `Edit your message: ${excerpt(body)}`,
  icon: "edit",
  key: "e",
  allowed: (message, state) => mayEdit(message, state, now()),
  run: edit,
});

/** Edit the last of one's own messages that may be edited; whether there is one.
 *  @param {Room} room */
export function editLast(room) {
  const { state } = room;
  const last = state && lastEntry(state, ({ kind, value }) => kind === "message" && mayEdit(value, state, now()));
  if (last) edit(last.value, room);
  return Boolean(last);
}

/** @param {Message} message
 *  @param {Room} room */
function edit(message, room) {
  const { id, room: slug } = message;
  let heard = message;
  /** @type {import("../../composer/composer.js").Task} */
  const task = {
    words: "Editing your message",
    text: message.body,
    async save(body) {
      try {
        await room.command({ type: "edit", room: slug, message: id, body }, { resend: true });
        return null;
      } catch (refused) {
        return wordsOf(refused);
      }
    },
    /** Somebody may delete it meanwhile, or this person may edit it elsewhere. */
    follow(state) {
      const known = changeOf(state, id)?.message ?? heard;
      if (known.edited_at === heard.edited_at && !known.deleted) return;
      heard = known;
      if (known.deleted) room.done("The message was deleted meanwhile.");
      else if (known.body !== task.saving) room.complain("The message was edited elsewhere meanwhile. Saving replaces that.");
    },
  };
  room.instead(task);
}
