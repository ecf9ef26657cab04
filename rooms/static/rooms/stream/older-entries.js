// Older parts of a room, as somebody scrolls up, and what other apps have of a stretch of it.

import * as api from "../core/api.js";
import { histories } from "../core/extensions.js";
import { messageEntry } from "../core/store.js";

const PAGE = 50;
// Clocks of processes differ a little; the seq decides what belongs to a stretch.
const SLACK_MS = 60_000;

/** The entries before the first one of `state`: { entries, older }. */
export async function olderThan(state) {
  const first = state.entries[0];
  const answer = await api.get(`/rooms/${state.room.slug}/messages`, { before: first?.seq ?? state.head + 1, limit: PAGE });
  const messages = answer.messages.map(messageEntry);
  const older = answer.next !== null;
  const from = older ? messages[0] : null;
  const cards = await cardsOf(state.room.slug, { first: from, end: first ?? null });
  return { entries: [...messages, ...cards], older };
}

/** What other apps have between the first entry of a fresh page and its end. */
export function cardsOfPage(state) {
  const first = state.older ? state.entries[0] : null;
  return cardsOf(state.room.slug, { first, end: null });
}

/** From `first` on and before `end`; without them, from the room's start and to its end. */
async function cardsOf(slug, { first, end }) {
  const stretch = {
    slug,
    from: first?.seq ?? 0,
    to: end?.seq ?? Infinity,
    after: first && shifted(first.at, -SLACK_MS),
    before: end && shifted(end.at, SLACK_MS),
  };
  const found = await Promise.allSettled(histories.map((history) => history(stretch)));
  for (const { reason } of found) if (reason) console.warn(reason);
  return found.flatMap(({ value }) => value ?? []);
}

const shifted = (at, ms) => new Date(Date.parse(at) + ms).toISOString();
