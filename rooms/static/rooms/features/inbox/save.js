// A message is put into the reader's own inbox, where it waits until they say that it is done.

import { messageActions } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { excerpt, wordsOf } from "../../ui/text.js";
import { toast } from "../../ui/toast.js";

/** @import { Message, Room } from "../../core/shapes.js" */

messageActions.push({
  name: "save",
  title: "Save for later",
  label: ({ author, body }) => `Save for later the message of ${nameOf(author)}: ${excerpt(body)}`,
  icon: "bookmark",
  key: "s",
  allowed: (_message, { room }) => Boolean(room?.role),
  run: save,
});

/** @param {Message} message
 *  @param {Room} room */
async function save({ id, room: slug }, room) {
  try {
    room.complain(null);
    await room.command({ type: "save", room: slug, message: id }, { resend: true });
    toast("It waits in your inbox");
  } catch (refused) {
    room.complain(wordsOf(refused));
  }
}
