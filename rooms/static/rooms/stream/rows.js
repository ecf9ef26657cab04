// One element for each row of the stream. `layout.js` says what a row holds, `view.js` calls this
// and hears the clicks. Parts that few rows have are made when they are needed.

import { addressOf } from "../core/addresses.js";
import { now } from "../core/clock.js";
import { bodyMarks, entryKinds, messageKinds, messageParts } from "../core/extensions.js";
import { exactTime, moment } from "../ui/dates.js";
import { copy, one, setText, setTime } from "../ui/dom.js";
import { drawFiles } from "../features/files/files.js";
import { nameOf, paintAvatar } from "../ui/avatar.js";
import { excerpt, isEmojiAlone, isolated } from "../ui/text.js";
import { drawBody } from "./body.js";

export function createRow(row, room) {
  const element = entryKinds[row.type]?.create(row.entry, room) ?? drawers[row.type].create(row, room);
  element.dataset.key = row.key;
  // What separates others is passed over by the keyboard.
  if (row.entry || row.type === "notice") element.tabIndex = -1;
  return element;
}

export function updateRow(element, row, room) {
  if (row.entry?.seq) element.dataset.seq = row.entry.seq;
  if (entryKinds[row.type]) entryKinds[row.type].update(element, row.entry, room);
  else drawers[row.type].update?.(element, row, room);
}

const message = {
  create: () => copy("t-message"),

  update(element, { entry, author, grouped, pending, failure, answered }, room) {
    const bubble = one(".bubble", element);
    drawAuthor(element, author);
    element.classList.toggle("grouped", grouped);
    element.dataset.state = failure ? "failed" : pending ? "pending" : "sent";
    part(element, ".avatar", !grouped, "t-message-avatar", (made) => element.prepend(made), (made) => {
      if (made.dataset.of !== nameOf(author)) paintAvatar(made, (made.dataset.of = nameOf(author)));
    });
    part(bubble, "[data-reply-to]", answered !== null, "t-message-answered", (made) => bubble.prepend(made), (made) =>
      drawAnswered(made, answered, pending ? addressOf(room.slug, entry.reply_to) : addressOf(entry.value.room, entry.value.reply_to)),
    );
    setTime(one("time", element), entry.at);
    const deleted = pending ? null : entry.value.deleted;
    element.classList.toggle("deleted", Boolean(deleted));
    const { html = null, body } = pending ? entry : entry.value;
    if (deleted) drawBody(one("[data-body-html]", element), null, deletedText(entry.value));
    else drawBody(one("[data-body-html]", element), pending ? null : html, body);
    if (!pending && !deleted) for (const mark of bodyMarks) mark(one("[data-body-html]", element), entry.value, room);
    element.classList.toggle("emoji", isEmojiAlone(body));
    // Of what is left of it nothing can be done.
    if (deleted) one("[data-actions]", bubble)?.remove();
    const edited = !pending && entry.value.edited_at;
    part(bubble, "[data-edited]", Boolean(edited), "t-message-edited", (made) => one("[data-body-html]", bubble).after(made), (made) => {
      made.title = `Edited ${exactTime(edited)}`;
    });
    part(bubble, "[data-failure]", Boolean(failure), "t-message-failure", (made) => bubble.append(made), (made) =>
      setText(one("[data-reason]", made), failure === true ? "Not sent" : `Not sent: ${failure}`),
    );
    const files = pending ? (entry.files ?? []) : entry.value.attachments;
    const above = one(":scope > [data-edited]", bubble) ?? one("[data-body-html]", bubble);
    part(bubble, "[data-files]", files.length > 0, "t-message-files", (made) => above.after(made), (made) => drawFiles(made, files));
    if (!pending) drawParts(bubble, entry.value, room);
  },
};

/** Who it is of, and for those who want to know more of them, whose card. */
function drawAuthor(element, author) {
  const name = nameOf(author);
  if (element.dataset.author === name) return;
  element.dataset.author = name;
  const button = one("[data-person]", element);
  setText(one("[data-author]", button), name);
  button.dataset.person = author?.id ?? "";
  button.disabled = !author;
}

/** A part of a row that is there only while it is `wanted`: `add` puts a new one in its place. */
function part(holder, selector, wanted, template, add, draw = (_element) => {}) {
  let element = one(`:scope > ${selector}`, holder);
  if (!wanted) return element?.remove();
  if (!element) add((element = copy(template)));
  draw(element);
}

/** What features and apps have of this message. */
function drawParts(bubble, message, room) {
  for (const { name, of, create, update } of messageParts) {
    const told = of(message);
    let element = one(`:scope > [data-part="${name}"]`, bubble);
    if (told === null || told === undefined) {
      element?.remove();
      continue;
    }
    if (!element) {
      element = create(room);
      element.dataset.part = name;
      bubble.append(element);
    }
    update(element, told, message, room);
  }
}

/** It leads to what was answered, also where that is not held. */
function drawAnswered(link, answered, address) {
  const known = answered !== "earlier";
  link.setAttribute("href", address);
  setText(one(".name", link), known ? nameOf(answered.author) : "");
  setText(one("[data-text]", link), !known ? "An earlier message" : answered.deleted ? deletedText(answered) : excerpt(answered.body));
}

/** What stands where a message was. */
function deletedText({ author, deleted: { by } }) {
  return by && by.id !== author?.id ? `Message deleted by ${isolated(by.name)}` : "Message deleted";
}

const drawers = {
  message,
  "of-kind": {
    create: ({ kind, entry }, room) => messageKinds[kind].create(entry, room),
    update: (element, { kind, entry }, room) => messageKinds[kind].update?.(element, entry, room),
  },
  notice: {
    create: () => copy("t-notice"),
    update: (element, { text, at }) => {
      setText(one("[data-text]", element), text);
      const time = one("time", element);
      setTime(time, at);
      setText(time, moment(at, now()));
    },
  },
  day: {
    create: () => copy("t-day"),
    update: (element, { text, day }) => {
      setText(one("time", element), text);
      one("time", element).dateTime = day;
      one("[role=separator]", element).setAttribute("aria-label", text);
    },
  },
  new: { create: () => copy("t-new") },
  fold: {
    create: () => copy("t-fold"),
    update: (element, { text }) => setText(one("[data-text]", element), text),
  },
};

/** What stands above the first row of a room that is all there. */
export function startOf(room) {
  const element = copy(room.visibility === "direct" ? "t-start-direct" : "t-start");
  element.dataset.of = room.slug;
  setText(one("[data-name]", element), room.name);
  return element;
}
