// One element for each row of the stream. `layout.js` says what a row holds, `view.js` calls this.

import { copy, one, setIcon, setText, show } from "../ui/dom.js";
import { entryKinds } from "../core/extensions.js";
import { drawFiles } from "../features/files/files.js";
import { nameOf, paintAvatar } from "../ui/avatar.js";
import { excerpt, exactTime, timeOfDay } from "../ui/text.js";

export function createRow(row, room) {
  const element = entryKinds[row.type]?.create(row.entry, room) ?? drawers[row.type].create(row, room);
  element.dataset.key = row.key;
  element.tabIndex = -1;
  if (row.entry?.seq) element.dataset.seq = row.entry.seq;
  return element;
}

export function updateRow(element, row, room) {
  if (row.entry?.seq) element.dataset.seq = row.entry.seq;
  if (entryKinds[row.type]) entryKinds[row.type].update(element, row.entry, room);
  else drawers[row.type].update?.(element, row, room);
}

function setTime(element, at) {
  element.dateTime = at;
  element.title = exactTime(at);
  setText(element, timeOfDay(at));
}

const message = {
  create(row, room) {
    const element = copy("t-message");
    const name = nameOf(row.author);
    one("[data-reply]", element).onclick = () => room.answer(element.row.entry.value);
    one("[data-reply-to]", element).onclick = () => room.revealMessage(element.row.answered);
    element.dataset.author = name;
    paintAvatar(one(".avatar", element), name);
    setText(one("[data-author]", element), name);
    return element;
  },

  update(element, { entry, grouped, pending, failure, answered }, room) {
    drawAnswered(one("[data-reply-to]", element), answered);
    show(one("[data-reply]", element), !pending);
    element.classList.toggle("grouped", grouped);
    element.dataset.state = failure ? "failed" : pending ? "pending" : "sent";
    for (const time of element.querySelectorAll("time")) setTime(time, entry.at);
    drawBody(one("[data-body-html]", element), pending ? null : entry.value.html, pending ? entry.body : "");
    const note = one("[data-failure]", element);
    show(note, Boolean(failure));
    if (failure) {
      setText(one("[data-reason]", note), failure === true ? "Not sent" : `Not sent: ${failure}`);
      one("[data-retry]", note).onclick = () => room.retry(entry.client_id);
      one("[data-delete]", note).onclick = () => room.discard(entry.client_id);
    }
    if (!pending) drawFiles(one("[data-files]", element), entry.value.attachments);
  },
};

function drawAnswered(button, answered) {
  show(button, answered !== null);
  if (answered === null) return;
  const known = answered !== "earlier";
  button.disabled = !known;
  setText(one(".name", button), known ? nameOf(answered.author) : "");
  setText(one("[data-text]", button), known ? excerpt(answered.body) : "An earlier message");
}

const outcome = {
  create({ entry }, room) {
    const element = copy("t-outcome");
    element.dataset.author = nameOf(entry.value.author);
    setIcon(element, "bubble");
    drawBody(one("[data-body-html]", element), entry.value.html, "");
    setTime(one("time", element), entry.at);
    one("[data-to-card]", element).onclick = (event) => {
      event.preventDefault();
      room.reveal(entry.value.job);
    };
    return element;
  },
};

/** `html` was made safe by the server, and is the only thing here that is not set as text. */
function drawBody(element, html, text) {
  if (html === null) {
    if (element.firstChild?.nodeType !== Node.TEXT_NODE || element.textContent !== text) element.textContent = text;
    element.dataset.plain = "";
    return;
  }
  if (element.html === html) return;
  element.html = html;
  delete element.dataset.plain;
  element.innerHTML = html;
  for (const code of element.querySelectorAll("pre")) {
    code.tabIndex = 0;
    if (navigator.clipboard) code.append(copyButton(code));
  }
}

function copyButton(code) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small copy-code";
  button.textContent = "Copy";
  button.onclick = async () => {
    await navigator.clipboard.writeText(code.querySelector("code")?.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };
  return button;
}

const drawers = {
  message,
  outcome,
  notice: {
    create: () => copy("t-notice"),
    update: (element, { text, at }) => {
      setText(one("[data-text]", element), text);
      element.title = exactTime(at);
    },
  },
  day: {
    create: () => copy("t-day"),
    update: (element, { text, at }) => {
      setText(one("time", element), text);
      one("time", element).dateTime = at;
      element.setAttribute("aria-label", text);
    },
  },
  new: { create: () => copy("t-new") },
};

/** What stands above the first row of a room that is all there. */
export function startOf(room) {
  const element = copy("t-start");
  element.dataset.of = room.slug;
  setText(one("[data-name]", element), room.name);
  return element;
}
