// How much of a room is held: a stretch around the reader, bounded at both ends, and the room's end.
// Pure; the draft or state is the one of store.js.
//
// `entries` is the stretch that stands on the page, without a gap; `older` and `newer` say whether
// the room goes on above and below it. While it goes on below, `tail` has the room's last entries,
// up to `head`: what happens live goes there, and the end is at hand without asking anybody.

import { upToDate } from "./changed-messages.js";

/** @import { Entry, RoomState } from "./shapes.js" */

/** Rows that the page keeps, and by how many they may grow before some are dropped. */
export const MOST_ENTRIES = 300;
export const SLACK_ENTRIES = 50;
export const TAIL_ENTRIES = 100;

/** Put an entry at its seq, in place of what stood there. One that belongs to a stretch that is not
 *  held is left out: it comes with its stretch.
 *  @param {RoomState} draft
 *  @param {Entry} entry */
export function place(draft, entry) {
  const { entries, tail, newer } = draft;
  const above = draft.older && entries.length > 0 && entry.seq < entries[0].seq;
  const below = newer && entry.seq > (entries.at(-1)?.seq ?? -1);
  if (!above && !below) draft.entries = withEntry(entries, entry);
  if (newer && (!tail.length || entry.seq >= tail[0].seq)) {
    const grown = withEntry(tail, entry);
    draft.tail = grown.length > 2 * TAIL_ENTRIES ? grown.slice(-TAIL_ENTRIES) : grown;
  }
}

/** Take out what stands at a seq.
 *  @param {RoomState} draft
 *  @param {number} seq */
export function without(draft, seq) {
  const others = (entries) => (at(entries, seq) ? entries.filter((entry) => entry.seq !== seq) : entries);
  draft.entries = others(draft.entries);
  draft.tail = others(draft.tail);
}

/** @param {RoomState} state
 *  @param {number} seq */
export function entryAt(state, seq) {
  return at(state.entries, seq) ?? at(state.tail, seq);
}

/** The newest entry that is held and for which `test` holds.
 *  @param {RoomState} state
 *  @param {(entry: Entry) => boolean} test */
export function lastEntry(state, test) {
  return state.tail.findLast(test) ?? state.entries.findLast(test);
}

/** More above, as `stretches.js` brings it: { entries, older }.
 *  @param {RoomState} state
 *  @param {{ entries: Entry[], older: boolean }} more
 *  @returns {RoomState} */
export function withOlder(state, { entries, older }) {
  return { ...state, older, entries: merged(state.entries, upToDate(entries, state.changed)) };
}

/** More below: { entries, reach }, where `reach` is the seq up to which nothing is missing.
 *  @param {RoomState} state
 *  @param {{ entries: Entry[], reach: number }} more
 *  @returns {RoomState} */
export function withNewer(state, { entries, reach }) {
  if (!state.newer) return state;
  // What other apps have further on is not what comes next.
  const next = upToDate(entries, state.changed).filter(({ seq }) => seq <= reach);
  return joined({ ...state, entries: merged(state.entries, next) }, reach);
}

/** What other apps have of the stretches that are held.
 *  @param {RoomState} state
 *  @param {Entry[]} entries
 *  @returns {RoomState} */
export function withCards(state, entries) {
  const draft = { ...state };
  for (const entry of entries) if (!entryAt(draft, entry.seq)) place(draft, entry);
  return draft;
}

/** The stretch around some place instead: { entries, older, reach }.
 *  @param {RoomState} state
 *  @param {{ entries: Entry[], older: boolean, reach: number }} stretch
 *  @returns {RoomState} */
export function elsewhere(state, { entries, older, reach }) {
  const tail = state.newer ? state.tail : state.entries.slice(-TAIL_ENTRIES);
  return joined({ ...state, entries: merged([], upToDate(entries, state.changed)), older, newer: true, tail }, reach);
}

/** The room's end instead.
 *  @param {RoomState} state
 *  @returns {RoomState} */
export function atEnd(state) {
  return state.newer ? { ...state, entries: state.tail, older: true, newer: false, tail: [] } : state;
}

/** No more entries than the page keeps: those go that are farthest from `index`, where the reader
 *  is; null: at the end.
 *  @param {RoomState} state
 *  @param {number | null} index
 *  @returns {RoomState} */
export function bounded(state, index = null) {
  const { entries } = state;
  const { length } = entries;
  if (length <= MOST_ENTRIES + SLACK_ENTRIES) return state;
  const middle = index ?? length;
  const start = Math.min(Math.max(0, middle - MOST_ENTRIES / 2), length - MOST_ENTRIES);
  const end = start + MOST_ENTRIES;
  const draft = { ...state, entries: entries.slice(start, end), older: state.older || start > 0 };
  if (end < length && !state.newer) Object.assign(draft, { newer: true, tail: entries.slice(-TAIL_ENTRIES) });
  return draft;
}

/** The first index whose seq is not below `seq`. New things come at the end.
 *  @param {{ seq: number }[]} entries
 *  @param {number} seq */
export function position(entries, seq) {
  const last = entries.at(-1);
  if (!last || last.seq < seq) return entries.length;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {Entry[]} entries
 *  @param {number} seq */
function at(entries, seq) {
  const entry = entries[position(entries, seq)];
  return entry?.seq === seq ? entry : undefined;
}

/** @param {Entry[]} entries
 *  @param {Entry} entry */
function withEntry(entries, entry) {
  const changed = [...entries];
  const index = position(changed, entry.seq);
  changed.splice(index, changed[index]?.seq === entry.seq ? 1 : 0, entry);
  return changed;
}

/** Both, by seq; of two at one seq the one that is held stays, it may be newer.
 *  @param {Entry[]} held
 *  @param {Entry[]} more */
function merged(held, more) {
  const known = new Set(held.map(({ seq }) => seq));
  const fresh = more.filter(({ seq }) => !known.has(seq)).sort((a, b) => a.seq - b.seq);
  const [lastFresh, lastHeld] = [fresh.at(-1), held.at(-1)];
  if (!lastFresh) return held;
  if (!lastHeld || lastFresh.seq < held[0].seq) return [...fresh, ...held];
  if (lastHeld.seq < fresh[0].seq) return [...held, ...fresh];
  return [...held, ...fresh].sort((a, b) => a.seq - b.seq);
}

/** One stretch again, once it reaches the tail.
 *  @param {RoomState} state
 *  @param {number} reach
 *  @returns {RoomState} */
function joined(state, reach) {
  const start = state.tail[0]?.seq ?? state.head + 1;
  if (Math.max(reach, state.entries.at(-1)?.seq ?? 0) < start - 1) return state;
  return { ...state, entries: merged(state.tail, state.entries), newer: false, tail: [] };
}
