// Tells a screen reader what comes, in portions: one line as it is, many as their number. The log
// itself is silent, as it would read out every line of a busy room, and old ones that come again.

import { entryKinds } from "../core/extensions.js";
import { noticeText } from "./layout.js";
import { nameOf } from "../ui/avatar.js";
import { count, excerpt, names } from "../ui/text.js";

const ANNOUNCE_EVERY_MS = 3000;
const MOST_LINES = 3;
const MOST_NAMES = 3;

/** What an entry says: { author, text }; null when there is nothing to say. Pure. */
export function spoken(entry) {
  if (entry.kind === "notice") return { author: null, text: noticeText([entry]) };
  if (entry.kind === "message") {
    const { kind, author, body, deleted } = entry.value;
    if (deleted) return null;
    return { author: kind === "text" ? nameOf(author) : null, text: excerpt(body) };
  }
  const text = entryKinds[entry.kind]?.spoken?.(entry);
  return text ? { author: null, text } : null;
}

/** What has become of a message: { author, text }. Pure. */
export function changeSpoken({ message }, user) {
  const own = message.author?.id === user.id;
  const whose = own ? "Your message" : `A message of ${nameOf(message.author)}`;
  const text = message.deleted ? `${whose} was deleted` : `${whose} was edited: ${excerpt(message.body)}`;
  return { author: null, text };
}

/** A portion in words. Pure. */
export function portion(lines) {
  if (lines.length <= MOST_LINES) return lines.map(({ author, text }) => (author ? `${author}: ${text}` : text)).join(". ");
  const authors = [...new Set(lines.map(({ author }) => author).filter(Boolean))];
  const from = authors.length > MOST_NAMES ? `${count(authors.length)} people` : names(authors);
  return `${count(lines.length)} new messages${from && ` from ${from}`}`;
}

export class Announcer {
  #upTo = 0;
  #waiting = [];
  #timer = 0;

  /** `region` is a live region that nobody sees. */
  constructor(region) {
    this.region = region;
  }

  /** A room was entered: what is there is not announced. */
  begin({ head }) {
    this.#upTo = head;
    this.#waiting = [];
    this.region.replaceChildren();
  }

  /** The room has moved on. */
  hear({ head, newer, tail, entries, changed, user }) {
    const last = newer ? tail : entries;
    const fresh = [];
    for (let index = last.length - 1; index >= 0 && last[index].seq > this.#upTo; index -= 1) fresh.unshift(last[index]);
    const changes = changed.filter(({ seq }) => seq > this.#upTo);
    this.#upTo = Math.max(this.#upTo, head);
    for (const change of changes) this.#waiting.push(changeSpoken(change, user));
    for (const entry of fresh) {
      const line = entry.kind === "message" && entry.value.author?.id === user.id ? null : spoken(entry);
      if (line) this.#waiting.push(line);
    }
    if (this.#waiting.length && !this.#timer) this.#say();
  }

  /** At once, and then not again for a while: what comes meanwhile is one portion. */
  #say() {
    const said = document.createElement("p");
    said.textContent = portion(this.#waiting.splice(0));
    this.region.replaceChildren(said);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#waiting.length) this.#say();
    }, ANNOUNCE_EVERY_MS);
  }
}
