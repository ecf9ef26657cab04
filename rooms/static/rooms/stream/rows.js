// One element for each row of the stream. `layout.js` says what a row holds, `view.js` calls this
// and hears the clicks. Parts that few rows have are made when they are needed.

import { now } from "../core/clock.js";
import { entryKinds, messageKinds, messageParts } from "../core/extensions.js";
import { moment } from "../ui/dates.js";
import { copy, one, setText, setTime } from "../ui/dom.js";
import { drawFiles } from "../features/files/files.js";
import { nameOf, paintAvatar } from "../ui/avatar.js";
import { excerpt, isEmojiAlone } from "../ui/text.js";
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
  create(row) {
    const element = copy("t-message");
    element.dataset.author = nameOf(row.author);
    setText(one("[data-author]", element), nameOf(row.author));
    return element;
  },

  update(element, { entry, author, grouped, pending, failure, answered }, room) {
    const bubble = one(".bubble", element);
    element.classList.toggle("grouped", grouped);
    element.dataset.state = failure ? "failed" : pending ? "pending" : "sent";
    part(element, ".avatar", !grouped, "t-message-avatar", (made) => {
      paintAvatar(made, nameOf(author));
      element.prepend(made);
    });
    part(bubble, "[data-reply-to]", answered !== null, "t-message-answered", (made) => bubble.prepend(made), (made) => drawAnswered(made, answered));
    setTime(one("time", element), entry.at);
    const { html = null, body } = pending ? entry : entry.value;
    drawBody(one("[data-body-html]", element), pending ? null : html, body);
    element.classList.toggle("emoji", isEmojiAlone(body));
    part(bubble, "[data-failure]", Boolean(failure), "t-message-failure", (made) => bubble.append(made), (made) =>
      setText(one("[data-reason]", made), failure === true ? "Not sent" : `Not sent: ${failure}`),
    );
    const files = pending ? [] : entry.value.attachments;
    part(bubble, "[data-files]", files.length > 0, "t-message-files", (made) => one("[data-body-html]", bubble).after(made), (made) => drawFiles(made, files));
    if (!pending) drawParts(bubble, entry.value, room);
  },
};

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

function drawAnswered(button, answered) {
  const known = answered !== "earlier";
  button.disabled = !known;
  setText(one(".name", button), known ? nameOf(answered.author) : "");
  setText(one("[data-text]", button), known ? excerpt(answered.body) : "An earlier message");
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
  const element = copy("t-start");
  element.dataset.of = room.slug;
  setText(one("[data-name]", element), room.name);
  return element;
}
