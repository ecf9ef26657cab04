// From a room's state to the rows of its stream: days, groups, the "New" line. Pure but for what it
// remembers: a row that is still the same is the same object, so that only what changed is drawn.
//
// A row is { key, type, … } of plain values. Of a message that is drawn by its kind (`messageKinds`) the
// type is "of-kind".

import { messageKinds, noticeTexts } from "../core/extensions.js";
import { isNews } from "../core/store.js";
import { dayName, dayOf } from "../ui/dates.js";
import { counted, isolated, names } from "../ui/text.js";

const GROUP_MS = 5 * 60 * 1000;

export class Layout {
  // entry or pending item → { before, answered, row, merges }: its row, and what it was made from.
  #made = new WeakMap();
  #days = new Map(); // day → row
  #newLine = { key: "new", type: "new" };

  /** All rows of `state`, as of the moment `now`. */
  rows(state, now) {
    const rows = [];
    const { entries, newAfter } = state;
    const knowsNew = newAfter !== null && (!state.older || (entries[0]?.seq ?? 0) <= newAfter);
    let lineDrawn = !knowsNew;
    const answered = lookup(state);
    let day = "";

    for (const entry of entries) {
      const known = this.#made.get(entry);
      // Clocks differ a little: a day that has ended does not begin again.
      const itsDay = known?.day ?? dayOf(entry.at);
      if (itsDay > day) rows.push(this.#dayRow((day = itsDay), entry.at, now));
      if (!lineDrawn && entry.seq > newAfter && isNews(entry, state.user)) {
        lineDrawn = true;
        rows.push(this.#newLine);
      }
      this.#add(rows, entry, known, itsDay, answered(entry.value?.reply_to), () => rowOf(entry, rows.at(-1), answered));
    }
    // What is on its way stands at the room's end.
    for (const item of state.newer ? [] : state.pending) {
      this.#add(rows, item, this.#made.get(item), null, answered(item.reply_to), () => pendingRow(item, state.user, rows.at(-1), answered));
    }
    return rows;
  }

  #add(rows, entry, known, day, answered, make) {
    const before = rows.at(-1);
    let made = known;
    if (made?.before !== before || made.answered !== answered) {
      const row = make();
      const same = made?.row && row && sameRow(made.row, row) && row.type !== "notice";
      made = { before, answered, day, row: same ? made.row : row };
      this.#made.set(entry, made);
    }
    if (!made.row) return;
    if (made.row.all && made.row.all.length > 1) rows[rows.length - 1] = made.row;
    else rows.push(made.row);
  }

  #dayRow(day, at, now) {
    const text = dayName(at, now);
    const known = this.#days.get(day);
    if (known?.text === text) return known;
    const row = { key: `day:${day}`, type: "day", day, text };
    this.#days.set(day, row);
    return row;
  }
}

/** All rows of a state that is looked at once. */
export const rowsOf = (state, now) => new Layout().rows(state, now);

/** By the id of a message: it, "earlier" when it is not held, null when there is no id. */
function lookup({ entries }) {
  let messages = null;
  return (id) => {
    if (!id) return null;
    messages ??= new Map(entries.filter(({ kind }) => kind === "message").map(({ value }) => [value.id, value]));
    return messages.get(id) ?? "earlier";
  };
}

/** The row of an entry below the row `before`; null when it has none. A row of several notices
 *  takes the place of the one before. */
function rowOf(entry, before, answered) {
  if (entry.kind === "notice") {
    if (before?.type === "notice") return noticeRow(before.key, [...before.all, entry], entry.at);
    return noticeRow(`notice:${entry.seq}`, [entry], entry.at);
  }
  if (entry.kind !== "message") return { key: `card:${entry.seq}`, type: entry.kind, entry };
  const { kind } = entry.value;
  if (messageKinds[kind] && !entry.value.deleted) {
    return messageKinds[kind].repeats?.(entry, before?.entry) ? null : { key: keyOf(entry.value), type: "of-kind", kind, entry };
  }
  return messageRow(entry, entry.value, before, answered, { pending: false, failure: null });
}

/** The same before and after the server has it, so that the row stays when it turns solid. */
const keyOf = ({ client_id, author, id }) => (client_id && author ? `own:${author.id}:${client_id}` : `message:${id}`);

function pendingRow(item, user, before, answered) {
  return messageRow(item, { ...item, author: user }, before, answered, { pending: true, failure: item.failure ?? null });
}

/** `answered` is the message that this one replies to, "earlier" when it is not held, or null.
 *  `since` is when the group began that this message is in. */
function messageRow(entry, { client_id, author, id, reply_to }, before, find, sending) {
  const answered = find(reply_to);
  const grouped = !answered && follows(before, author, entry.at);
  const since = grouped ? before.since : entry.at;
  return { key: keyOf({ client_id, author, id }), type: "message", entry, author, answered, grouped, since, ...sending };
}

function follows(before, author, at) {
  if (before?.type !== "message" || before.author?.id !== author?.id) return false;
  return Date.parse(at) - Date.parse(before.since) < GROUP_MS;
}

function noticeRow(key, all, at) {
  const row = { key, type: "notice", at, text: noticeText(all) };
  // Not compared and not shown: kept for the next notice that joins this row.
  Object.defineProperty(row, "all", { value: all, enumerable: false });
  return row;
}

/** Somebody who came and went and came again is named once, with what they did last. */
export function noticeText(all) {
  const last = new Map();
  for (const { value } of all) {
    last.delete(value.user.id);
    last.set(value.user.id, value);
  }
  const did = ([type, words]) => {
    const people = [...last.values()].filter((value) => value.type === type);
    return people.length ? words(names(people.map(({ user }) => isolated(user.name)))) : null;
  };
  return Object.entries(noticeTexts).map(did).filter(Boolean).join(" · ");
}

export function sameRow(a, b) {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

export const unseenText = (unseen) => (unseen ? counted(unseen, "new message") : "Latest");
