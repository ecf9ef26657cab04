// From a room's state to the rows of its stream: days, groups, the "New" line. Pure.
//
// A row is { key, type, … } of plain values, so that two rows are compared field by field.

import { counted, dayName, dayOf, isolated, names } from "../ui/text.js";

const GROUP_MS = 5 * 60 * 1000;

/** All rows of `state`, as of the moment `now`. */
export function rowsOf(state, now) {
  const rows = [];
  const knowsNew = state.newAfter !== null && (!state.older || (state.entries[0]?.seq ?? 0) <= state.newAfter);
  let lineDrawn = !knowsNew;
  const messages = new Map(state.entries.filter(({ kind }) => kind === "message").map(({ value }) => [value.id, value]));
  let day = null;

  for (const entry of state.entries) {
    if (dayOf(entry.at) !== day) {
      day = dayOf(entry.at);
      rows.push({ key: `day:${day}`, type: "day", at: entry.at, text: dayName(entry.at, now) });
    }
    if (!lineDrawn && entry.seq > state.newAfter && isNews(entry, state.user)) {
      lineDrawn = true;
      rows.push({ key: "new", type: "new" });
    }
    add(rows, entry, messages);
  }
  for (const item of state.pending) rows.push(pendingRow(item, state.user, rows.at(-1), messages));
  return rows;
}

const isNews = (entry, user) => entry.kind === "message" && entry.value.author?.id !== user.id;

function add(rows, entry, messages) {
  const before = rows.at(-1);
  if (entry.kind === "notice") {
    if (before?.type === "notice") rows[rows.length - 1] = noticeRow(before.key, [...before.all, entry], entry.at);
    else rows.push(noticeRow(`notice:${entry.seq}`, [entry], entry.at));
  } else if (entry.kind !== "message") {
    rows.push({ key: `card:${entry.seq}`, type: entry.kind, entry });
  } else if (entry.value.kind === "job") {
    // Right under its card, which says the same and more, the line would only repeat it.
    if (before?.entry?.value.id !== entry.value.job) rows.push({ key: keyOf(entry.value), type: "outcome", entry });
  } else {
    rows.push(messageRow(entry, entry.value, before, messages, { pending: false, failure: null }));
  }
}

/** The same before and after the server has it, so that the row stays when it turns solid. */
const keyOf = ({ client_id, author, id }) => (client_id && author ? `own:${author.id}:${client_id}` : `message:${id}`);

function pendingRow(item, user, before, messages) {
  return messageRow(item, { ...item, author: user }, before, messages, { pending: true, failure: item.failure ?? null });
}

/** `answered` is the message that this one replies to, "earlier" when it is not loaded, or null.
 *  `since` is when the group began that this message is in. */
function messageRow(entry, { client_id, author, id, reply_to }, before, messages, sending) {
  const answered = reply_to ? (messages.get(reply_to) ?? "earlier") : null;
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
function noticeText(all) {
  const last = new Map();
  for (const { value } of all) {
    last.delete(value.user.id);
    last.set(value.user.id, value);
  }
  const did = (type, verb) => {
    const people = [...last.values()].filter((value) => value.type === type);
    return people.length ? `${names(people.map(({ user }) => isolated(user.name)))} ${verb}` : null;
  };
  return [did("member.joined", "joined"), did("member.left", "left")].filter(Boolean).join(" · ");
}

export function sameRow(a, b) {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Messages of others after `seq`: what somebody who has scrolled up does not see. */
export function unseenAfter(state, seq) {
  return state.entries.filter((entry) => entry.seq > seq && isNews(entry, state.user)).length;
}

export const unseenText = (unseen) => (unseen ? counted(unseen, "new message") : "Latest");
