// What reactions and emoji add to a room: pills below messages, a way to react, a button beside the
// field, and completion of ":short codes:".

import { addReducer, addShortcut, composerTools, messageActions, messageParts, textCompleters } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { one } from "../../ui/dom.js";
import { stopsWithin } from "../../ui/roving.js";
import { excerpt } from "../../ui/text.js";
import { completeCode } from "./codes.js";
import { remember } from "./habits.js";
import { note } from "./own.js";
import { pills, pillsOf } from "./pills.js";
import { choose, pickEmoji } from "./reacting.js";
import { reducers } from "./store.js";

for (const [type, reduce] of Object.entries(reducers)) {
  addReducer(type, reduce);
  addReducer(type, ({ user }, event) => {
    if (event.user?.id === user.id) note(event.message.id, event.emoji, type === "reaction.added");
  });
}

messageParts.push(pills);
messageActions.push({
  name: "react",
  title: "React",
  label: ({ author, body }) => `React to ${nameOf(author)}: ${excerpt(body)}`,
  icon: "smile",
  key: "a",
  allowed: ({ deleted }, { room, withdrawn }) => !deleted && !room?.archived && !room?.muted_until && withdrawn === null,
  run: (message, room) => choose(room, message),
});
composerTools.push({
  name: "emoji",
  label: "Insert an emoji",
  icon: "smile",
  run: (composer) =>
    pickEmoji({
      anchor: one("[data-tool=emoji]"),
      take: (emoji) => {
        remember(emoji);
        composer.insert(emoji);
      },
      closed: () => composer.focus(),
      failed: (words) => composer.tell(words),
    }),
});
addShortcut({ keys: ":", words: "With two letters more, emoji by their short codes", group: "Writing" });
textCompleters.push(completeCode);
stopsWithin(one("[data-entries]"), pillsOf);
