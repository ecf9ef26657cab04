// How many go before a job that waits for a worker: asked for now and then, for the few cards that are in
// sight, as nobody is told when somebody else's job begins.

import * as api from "../rooms/core/api.js";
import { now } from "../rooms/core/clock.js";
import { isDue } from "./words.js";

const EVERY_MS = 4000;
const MOST_CARDS = 3;
// Most jobs begin at once: of them nothing needs to be asked.
const PATIENCE_MS = 2000;

/** Call `draw(card)` for each of the `cards` of which more is known; it is in `card.ahead` and `card.held`. */
export function watchWaiting(cards, draw) {
  setInterval(() => {
    if (document.hidden) return;
    const waiting = [...cards].filter((card) => waits(card) && isInSight(card));
    // Those first that were not asked for, or longest ago.
    waiting.sort((a, b) => (a.askedAt ?? 0) - (b.askedAt ?? 0));
    for (const card of waiting.slice(0, MOST_CARDS)) ask(card, draw);
  }, EVERY_MS);
}

function waits(card) {
  const { value: job } = card.entry;
  if (!isDue(job, now())) card.ahead = card.held = null;
  return isDue(job, now()) && now() - Date.parse(job.retry_at ?? job.run_at ?? job.created_at) > PATIENCE_MS;
}

function isInSight(card) {
  const { top, bottom } = card.getBoundingClientRect();
  return card.isConnected && bottom > 0 && top < innerHeight;
}

async function ask(card, draw) {
  card.askedAt = now();
  try {
    const { ahead, held } = await api.get(`/jobs/${card.entry.value.id}`);
    Object.assign(card, { ahead, held });
    draw(card);
  } catch {
    // It is asked for again.
  }
}
