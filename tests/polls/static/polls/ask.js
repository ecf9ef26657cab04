// The dialog that asks a room something.

import { uuid } from "../rooms/core/uuid.js";
import { one, setText } from "../rooms/ui/dom.js";
import { wordsOf } from "../rooms/ui/text.js";

export function ask(room) {
  const dialog = one("[data-poll-ask]");
  const form = one("form", dialog);
  form.reset();
  setText(one("[role=alert]", form), "");
  form.onsubmit = (event) => {
    event.preventDefault();
    send(room, dialog, form);
  };
  one("[data-poll-cancel]", form).onclick = () => dialog.close();
  dialog.showModal();
}

async function send(room, dialog, form) {
  const options = form.elements.options.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const command = { type: "poll.create", room: room.slug, question: form.elements.question.value.trim(), options, client_id: uuid() };
  try {
    await room.command(command);
    dialog.close();
  } catch (refused) {
    setText(one("[role=alert]", form), wordsOf(refused));
  }
}
