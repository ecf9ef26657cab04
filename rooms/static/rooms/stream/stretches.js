// Parts of a room that are not held, as somebody comes near them, and what other apps have of a
// stretch of it. `core/window.js` takes what this gives.

import * as api from "../core/api.js";
import { histories } from "../core/extensions.js";
import { messageEntry } from "../core/store.js";

/** @import { Entry, Message, RoomState } from "../core/shapes.js" */

const PAGE_MESSAGES = 50;
const AROUND_MESSAGES = 100;
// Clocks of processes differ a little; the seq decides what belongs to a stretch.
const CLOCK_SKEW_MS = 60_000;

/** The entries before the first one of `state`: { entries, older }.
 *  @param {RoomState} state */
export async function olderThan(state) {
  const first = state.entries[0];
  const { messages, next } = await ask(state, { before: first?.seq ?? state.head + 1, limit: PAGE_MESSAGES });
  const older = next !== null;
  const cards = await cardsOf(state.room.slug, { first: older ? messages[0] : null, end: first ?? null });
  return { entries: [...messages.map(messageEntry), ...cards], older };
}

/** The entries after the last one of `state`: { entries, reach }.
 *  @param {RoomState} state */
export async function newerThan(state) {
  // Where the room goes on below what is held, something is held.
  const last = /** @type {Entry} */ (state.entries.at(-1));
  const { head } = state;
  const { messages, next } = await ask(state, { after: last.seq, limit: PAGE_MESSAGES });
  const reach = next === null ? Math.max(head, messages.at(-1)?.seq ?? 0) : messages.at(-1).seq;
  const cards = await cardsOf(state.room.slug, { first: { ...last, seq: last.seq + 1 }, end: next === null ? null : after(messages.at(-1)) });
  return { entries: [...messages.map(messageEntry), ...cards], reach };
}

/** The entries on both sides of `seq`: { entries, older, reach }.
 *  @param {RoomState} state
 *  @param {number} seq */
export async function around(state, seq) {
  const { messages, next } = await ask(state, { around: seq, limit: AROUND_MESSAGES });
  const older = next !== null;
  const reach = messages.at(-1)?.seq ?? 0;
  const cards = await cardsOf(state.room.slug, { first: older ? messages[0] : null, end: messages.length ? after(messages.at(-1)) : null });
  return { entries: [...messages.map(messageEntry), ...cards], older, reach };
}

/** A message of the room, by its id.
 *  @param {RoomState} state
 *  @param {number} id
 *  @returns {Promise<Message>} */
export const messageOf = ({ room }, id) => api.get(`/rooms/${room.slug}/messages/${id}`);

/** What other apps have of what a fresh page holds: from its first entry to the room's end, or, where it
 *  was opened further up, there and at the end.
 *  @param {RoomState} state */
export async function cardsOfPage(state) {
  const { entries, tail, older, newer, room } = state;
  const first = older ? entries[0] : null;
  if (!newer) return cardsOf(room.slug, { first, end: null });
  const end = after(/** @type {Entry} */ (entries.at(-1)));
  const found = await Promise.all([cardsOf(room.slug, { first, end }), cardsOf(room.slug, { first: tail[0] ?? null, end: null })]);
  return found.flat();
}

const ask = ({ room }, place) => api.get(`/rooms/${room.slug}/messages`, place);
const after = ({ seq, at }) => ({ seq: seq + 1, at });

/** From `first` on and before `end`; without them, from the room's start and to its end.
 *  @returns {Promise<Entry[]>} */
async function cardsOf(slug, { first, end }) {
  const stretch = {
    slug,
    from: first?.seq ?? 0,
    to: end?.seq ?? Infinity,
    after: first && shifted(first.at, -CLOCK_SKEW_MS),
    before: end && shifted(end.at, CLOCK_SKEW_MS),
  };
  const found = await Promise.allSettled(histories.map((history) => history(stretch)));
  for (const each of found) if (each.status === "rejected") console.warn(each.reason);
  return found.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
}

const shifted = (at, ms) => new Date(Date.parse(at) + ms).toISOString();
