// What threads add to a room: how many replies a message has, and the way to read and write them
// beside the conversation.

import { addReducer, messageActions, messageParts, panels } from "../../core/extensions.js";
import { now } from "../../core/clock.js";
import { nameOf } from "../../ui/avatar.js";
import { moment } from "../../ui/dates.js";
import { copy, one, setText } from "../../ui/dom.js";
import { counted, excerpt } from "../../ui/text.js";
import { ThreadPanel } from "./panel.js";
import { reducers } from "./store.js";

/** @import { Message } from "../../core/shapes.js" */

for (const [type, reduce] of Object.entries(reducers)) addReducer(type, reduce);

/** @type {ThreadPanel} */
let panel;
panels.push((room, details) => (panel = new ThreadPanel(room, details)));

/** @param {Message} message */
const opens = (message) => panel.open(message);

messageParts.push({
  name: "replies",
  of: ({ replies }) => (replies?.count ? replies : null),
  create: () => copy("t-replies"),
  update(element, replies, message) {
    setText(one("[data-count]", element), counted(replies.count, "reply", "replies"));
    setText(one("[data-last]", element), `last ${moment(replies.at, now())}`);
    element.onclick = () => opens(message);
  },
});
messageActions.push({
  name: "thread",
  title: "Open the thread",
  label: ({ author, body }) => `Open the thread of ${nameOf(author)}: ${excerpt(body)}`,
  icon: "thread",
  key: "t",
  run: opens,
});
