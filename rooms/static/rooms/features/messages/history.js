// What a message said before it was edited, in a dialog: for its author and who looks after the room.

import * as api from "../../core/api.js";
import { messageActions } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { exactTime } from "../../ui/dates.js";
import { copy, one, setText, show } from "../../ui/dom.js";
import { excerpt, wordsOf } from "../../ui/text.js";

/** @import { Message } from "../../core/shapes.js" */

messageActions.push({
  name: "history",
  title: "What it said before",
  label: ({ author, body }) => `What the message of ${nameOf(author)} said before: ${excerpt(body)}`,
  icon: "history",
  key: null,
  allowed: ({ author, edited_at }, { user, room, may }) =>
    edited_at !== null && (author?.id === user.id || Boolean(room?.role && may[room.role]?.history)),
  run: open,
});

/** @param {Message} message */
async function open({ id, room: slug }) {
  const dialog = one("[data-history]");
  const error = one("[data-history-error]", dialog);
  const list = one("[data-history-list]", dialog);
  list.replaceChildren();
  show(error, false);
  one("[data-history-close]", dialog).onclick = () => dialog.close();
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.showModal();
  try {
    const { edits } = await api.get(`/rooms/${slug}/messages/${id}/history`);
    list.replaceChildren(...edits.map(earlier));
  } catch (refused) {
    setText(error, wordsOf(refused));
    show(error, true);
  }
}

function earlier({ body, at }) {
  const element = copy("t-earlier-text");
  const time = one("time", element);
  time.dateTime = at;
  setText(time, exactTime(at));
  setText(one("[data-text]", element), body);
  return element;
}
