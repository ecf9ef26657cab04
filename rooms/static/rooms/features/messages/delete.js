// To take a message back, or away: nothing of it is left, or a mark where something answers it.

import { Refusal } from "../../core/connection.js";
import { messageActions } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { confirmed } from "../../ui/confirm.js";
import { counted, excerpt, isolated, wordsOf } from "../../ui/text.js";

/** @import { Message, Room, RoomState } from "../../core/shapes.js" */

/** Whether this person may delete a message, as far as the page knows. Pure.
 *  @param {Message} message
 *  @param {RoomState} state */
export function mayDelete({ author, deleted }, { user, room, may, members, withdrawn }) {
  if (deleted || !room || room.archived || withdrawn) return false;
  if (author?.id === user.id) return true;
  const role = members.find((member) => member.user.id === author?.id)?.role ?? "none";
  return Boolean(room.role && may[room.role]?.delete?.includes(role));
}

messageActions.push({
  name: "delete",
  title: "Delete",
  label: ({ author, body }) => `Delete the message of ${nameOf(author)}: ${excerpt(body)}`,
  icon: "trash",
  key: "d",
  allowed: mayDelete,
  run: remove,
});

/** @param {Message} message
 *  @param {Room} room */
async function remove(message, room) {
  const { id, room: slug, author, body, attachments } = message;
  const own = author?.id === room.state?.user.id;
  const files = attachments.length ? `, with ${counted(attachments.length, "file")}` : "";
  const words = `“${isolated(excerpt(body))}”${files}. Nobody can bring it back.`;
  const title = own ? "Delete your message?" : `Delete the message of ${isolated(nameOf(author))}?`;
  if (!(await confirmed({ title, words, action: "Delete" }))) return;
  try {
    room.complain(null);
    await room.command({ type: "delete", room: slug, message: id });
  } catch (refused) {
    // It may be gone already.
    if (!(refused instanceof Refusal && refused.code === "not_found")) room.complain(wordsOf(refused));
  }
}
