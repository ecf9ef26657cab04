// To answer a message: the first thing that can be done with one.

import { messageActions } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { excerpt } from "../../ui/text.js";

messageActions.unshift({
  name: "reply",
  title: "Reply",
  label: ({ author, body }) => `Reply to ${nameOf(author)}: ${excerpt(body)}`,
  icon: "reply",
  key: "r",
  run: (message, room) => room.answer(message),
});
