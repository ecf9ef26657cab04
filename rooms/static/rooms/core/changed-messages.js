// Messages that were edited or deleted: what becomes of them where they stand, and of those that are
// fetched at the same moment and may be older than what was heard. Pure; used by `store.js`.

import { entryAt, place, without } from "./window.js";

/** @import { ChangedMessage, DurableEvent, Entry, Message, RoomEvent, RoomState } from "./shapes.js" */

/** So many changes are remembered for what is fetched meanwhile. */
export const MOST_CHANGES = 100;

/** @param {RoomState} draft
 *  @param {RoomEvent} event */
export function edited(draft, event) {
  const { seq, message } = /** @type {DurableEvent} */ (event);
  change(draft, { seq, message, gone: false });
}

/** @param {RoomState} draft
 *  @param {RoomEvent} event */
export function deleted(draft, event) {
  const { seq, message, kept } = /** @type {DurableEvent} */ (event);
  change(draft, { seq, message, gone: !kept });
}

/** @param {RoomState} draft
 *  @param {ChangedMessage} changed */
function change(draft, changed) {
  const { message, gone } = changed;
  const others = draft.changed.filter((other) => other.message.id !== message.id);
  draft.changed = [...others, changed].slice(-MOST_CHANGES);
  const known = entryAt(draft, message.seq);
  if (gone) draft.beside = draft.beside.filter(({ value }) => value.id !== message.id);
  else alterBeside(draft, message.id, () => message);
  if (gone) without(draft, message.seq);
  else if (known) place(draft, { ...known, value: message });
}

/** A part of a message changes: where it stands, and in what is remembered of it.
 *  @param {RoomState} draft
 *  @param {{ id: number, seq: number }} message
 *  @param {(value: Message) => Message} alteration */
export function alter(draft, { id, seq }, alteration) {
  draft.changed = draft.changed.map((known) =>
    known.message.id === id && !known.gone ? { ...known, message: alteration(known.message) } : known,
  );
  alterBeside(draft, id, alteration);
  const entry = entryAt(draft, seq);
  if (entry?.kind === "message" && entry.value.id === id) place(draft, { ...entry, value: alteration(entry.value) });
}

/** @param {RoomState} draft
 *  @param {number} id
 *  @param {(value: Message) => Message} alteration */
function alterBeside(draft, id, alteration) {
  if (!draft.beside.some(({ value }) => value.id === id)) return;
  draft.beside = draft.beside.map((entry) => (entry.value.id === id ? { ...entry, value: alteration(entry.value) } : entry));
}

/** What is known of a message besides what somebody else says of it; undefined: nothing.
 *  @param {RoomState} state
 *  @param {number} id
 *  @returns {ChangedMessage | undefined} */
export const changeOf = (state, id) => state.changed.find(({ message }) => message.id === id);

/** Entries that were fetched, with what was heard since: of events after `head`, if that is known.
 *  @param {Entry[]} entries
 *  @param {ChangedMessage[]} changed
 *  @returns {Entry[]} */
export function upToDate(entries, changed, head = 0) {
  const later = new Map(changed.filter(({ seq }) => seq > head).map((each) => [each.message.id, each]));
  if (!later.size) return entries;
  const found = [];
  for (const entry of entries) {
    const known = entry.kind === "message" ? later.get(entry.value.id) : undefined;
    if (!known) found.push(entry);
    else if (!known.gone) found.push({ ...entry, value: known.message });
  }
  return found;
}
