// The page of the inbox: what waits, the newest first, and what is done. It is read again whenever the
// server says that it has changed, on whichever device.

import * as api from "../../core/api.js";
import { now } from "../../core/clock.js";
import { heard } from "../../plain-page.js";
import { moment } from "../../ui/dates.js";
import { copy, one, reconcile, setIcon, setText, setTime, show } from "../../ui/dom.js";
import { nameOf } from "../../ui/avatar.js";
import { counted, wordsOf } from "../../ui/text.js";

/**
 * @typedef {{ id: number, kind: string, at: string, done: boolean, room: { slug: string, name: string }, message: number,
 *   author: { id: number, name: string } | null, excerpt: string }} InboxEntry
 */

const WORDS = { mention: "mentioned you in", reply: "answered you in", thread: "replied in a thread that you follow, in", saved: "– saved for later, from" };
const ICONS = { mention: "person", reply: "reply", thread: "thread", saved: "bookmark" };
const MOST_ENTRIES = 200;
const page = one("[data-inbox]");
const list = one("[data-inbox-list]", page);
const done = page.dataset.done === "true";
let shown = 50;
let asked = 0;
/** What was changed last: it can be taken back.
 *  @type {number[]} */
let changed = [];

async function read() {
  const own = ++asked;
  try {
    const { entries, next } = await api.get("/inbox", { done: String(done), limit: shown });
    if (own === asked) draw(entries, next !== null);
  } catch (refused) {
    if (own === asked) complain(refused);
  }
}

/** @param {InboxEntry[]} entries
 *  @param {boolean} more */
function draw(entries, more) {
  const at = [...list.children].findIndex((item) => item.contains(document.activeElement));
  reconcile(list, entries, {
    keyOf: ({ id }) => id,
    create: () => copy("t-inbox-entry"),
    update: (element, entry) => {
      setIcon(element, ICONS[entry.kind]);
      setText(one("[data-author]", element), nameOf(entry.author));
      setText(one("[data-what]", element), WORDS[entry.kind]);
      setText(one("[data-room-name]", element), entry.room.name);
      setText(one("[data-excerpt]", element), entry.excerpt);
      one("[data-link]", element).href = `/rooms/${entry.room.slug}/${entry.message}`;
      const time = one("time", element);
      setTime(time, entry.at);
      setText(time, moment(entry.at, now()));
      const button = one("[data-entry-done]", element);
      setText(button, done ? "Not done" : "Done");
      button.setAttribute("aria-label", `${done ? "Not done" : "Done"}: ${nameOf(entry.author)} ${WORDS[entry.kind]} ${entry.room.name}`);
      button.onclick = () => change([entry.id]);
    },
  });
  // Whoever goes through the list by keyboard goes on where they were.
  if (at >= 0 && !list.contains(document.activeElement)) one("[data-entry-done]", list.children[Math.min(at, list.children.length - 1)] ?? page)?.focus();
  show(one("[data-inbox-empty]", page), entries.length === 0);
  show(one("[data-inbox-more]", page), more && shown < MOST_ENTRIES);
  const all = one("[data-all-done]", page);
  if (all) show(all, entries.length > 0);
}

/** @param {number[] | null} entries null: all */
async function change(entries, { undo = false } = {}) {
  const toDone = done === undo;
  try {
    const told = await api.post(toDone ? "/inbox/done" : "/inbox/undo", entries ? { entries } : {});
    changed = undo ? [] : told.entries;
    const words = `${counted(told.entries.length, "entry", "entries")} ${toDone ? "done" : "not done"}.`;
    tell(undo ? "Taken back." : words);
    complain(null);
    await read();
  } catch (refused) {
    complain(refused);
  }
}

function tell(words) {
  setText(one("[data-inbox-told] [data-text]", page), words);
  show(one("[data-undo]", page), changed.length > 0);
}

function complain(refused) {
  const note = one("[data-inbox-error]", page);
  setText(note, refused === null ? "" : wordsOf(refused));
  show(note, refused !== null);
}

one("[data-undo]", page).addEventListener("click", () => change(changed, { undo: true }));
one("[data-all-done]", page)?.addEventListener("click", () => change(null));
one("[data-inbox-more]", page).addEventListener("click", () => {
  shown = MOST_ENTRIES;
  read();
});
heard.push((events) => {
  if (events.some(({ type }) => type === "inbox")) read();
});
read();
