// A job's card in the stream. It lives: it is drawn again in place whenever the job changes, and
// once a second where it counts time.

import { Refused } from "../rooms/core/api.js";
import { now } from "../rooms/core/clock.js";
import { exactTime, moment } from "../rooms/ui/dates.js";
import { copy, one, reconcile, setText, show } from "../rooms/ui/dom.js";
import { drawFiles } from "../rooms/features/files/files.js";
import { nameOf } from "../rooms/ui/avatar.js";
import { count, isolated, wordsOf } from "../rooms/ui/text.js";
import { details } from "./attempts.js";
import { drawBadge } from "./badge.js";
import { drawBar } from "./progress-bar.js";
import { drawParts, isShownApart } from "./parts.js";
import { drawConditions, drawQuestions, spokenChange } from "./questions.js";
import { drawResult } from "./result.js";
import { hasEnded } from "./store.js";
import { watchWaiting } from "./waiting.js";
import { attemptText, look, progressText, runTime, stateText, waitsForParts } from "./words.js";

const MANAGERS = new Set(["owner", "moderator"]);
const cards = new Set();

setInterval(() => {
  for (const card of cards) {
    if (!card.isConnected || hasEnded(card.entry.value)) cards.delete(card);
    else drawTime(card);
  }
}, 1000);
watchWaiting(cards, drawTime);

export const jobCard = {
  create(entry, room) {
    const card = copy("t-job-card");
    const { id, title, kind, created_at } = entry.value;
    card.dataset.job = id;
    card.dataset.kind = kind;
    card.id = `job-${id}`;
    setText(one("[data-title]", card), title);
    one("article", card).setAttribute("aria-label", `Job: ${title}`);
    one("[data-by]", card).title = exactTime(created_at);
    one("[data-cancel]", card).onclick = () => ask(card, room, { type: "job.cancel" });
    one("[data-retry]", card).onclick = () => ask(card, room, { type: "job.retry" });
    one("[data-more]", card).onclick = () => unfold(card, room);
    return card;
  },

  /** Many that succeeded, one after another, are one line. */
  like: ({ value }) => (value.state === "succeeded" && !value.parent ? `${value.kind} ${value.title}` : null),
  folded: (entries) => `${entries[0].value.title}: ${count(entries.length)} more succeeded`,

  /** What is read out when a card comes. */
  spoken: ({ value }) => (isShownApart(value) ? `Job: ${value.title}` : null),

  update(card, entry, room) {
    const before = card.entry?.value;
    const job = entry.value;
    card.entry = entry;
    card.dataset.state = job.state;
    setText(one("[data-by]", card), `by ${isolated(nameOf(job.requested_by))} · ${moment(job.created_at, now())}`);
    card.room = room;
    show(card, isShownApart(job));
    drawTime(card);
    drawButtons(card, room);
    if (before !== undefined && before.state !== job.state) {
      setText(one("[data-said]", card), spokenChange(before, job) ?? `${job.title}: ${look(job.state).word}`);
      if (isUnfolded(card)) fill(card, room);
    }
    const moves = job.state === "running" || waitsForParts(job);
    show(one("[data-progress]", card), moves);
    if (moves) drawBar(one(".bar", card), job);
    const attempt = attemptText(job);
    setText(one("[data-attempt]", card), attempt && ` · ${attempt}`);
    show(one("[data-attempt]", card), attempt !== "");
    drawError(one("[data-error]", card), job);
    if (before?.result !== job.result) drawResult(one("[data-result]", card), job.result);
    drawSteps(one("[data-steps]", card), job.steps ?? []);
    drawFiles(one("[data-files]", card), job.attachments);
    if (!hasEnded(job)) cards.add(card);
  },
};

/** What changes with time alone; never the height. */
function drawTime(card) {
  const { value: job, pace } = card.entry;
  drawBadge(one("header [data-state]", card), job.state, stateText(job, now()));
  if (job.state === "running" || waitsForParts(job)) setText(one("[data-progress-text]", card), progressText(job, pace, now()));
  drawParts(one("[data-parts]", card), job, card.room.state);
  setText(one("[data-time]", card), runTime(job, now(), card.ahead, card.held));
  drawConditions(card, card.room.state, job);
}

function drawButtons(card, room) {
  const { value: job } = card.entry;
  const { user } = room.state;
  const may = job.requested_by?.id === user.id || user.staff || MANAGERS.has(room.state.room.role);
  const cancel = one("[data-cancel]", card);
  const retry = one("[data-retry]", card);
  const focused = /** @type {HTMLElement | null} */ (card.contains(document.activeElement) ? document.activeElement : null);
  drawQuestions(card, room.state, job, ({ id }, answer) => ask(card, room, { type: "job.answer", question: id, answer }));
  show(cancel, may && !hasEnded(job) && !job.cancel_requested);
  show(retry, may && (job.state === "failed" || job.state === "cancelled"));
  // A button that goes away must not take the keyboard's place with it.
  if (focused?.closest("[hidden]")) one("[data-more]", card).focus({ preventScroll: true });
}

function drawError(element, job) {
  const shown = job.error && (job.state === "failed" || job.state === "retrying");
  setText(element, shown ? job.error.message || job.error.class : "");
  show(element, Boolean(shown));
}

function drawSteps(list, steps) {
  show(list, steps.length > 0);
  reconcile(list, steps, {
    keyOf: (step) => step.name,
    create: () => copy("t-job-step"),
    update: (element, step) => {
      drawBadge(one("[data-state]", element), step.state);
      setText(one("[data-name]", element), step.name);
      setText(one("[data-text]", element), stepText(step));
    },
  });
}

function stepText({ error, result }) {
  if (error) return error.message || error.class;
  return typeof result === "string" ? result : (result?.summary ?? "");
}

async function ask(card, room, command) {
  if (card.asking) return;
  card.asking = true;
  const buttons = card.querySelectorAll("[data-cancel], [data-retry], [data-question] button");
  const refusal = one("[data-refusal]", card);
  // A button that is disabled would lose the keyboard's place.
  for (const button of buttons) button.setAttribute("aria-disabled", "true");
  show(refusal, false);
  try {
    await room.command({ ...command, job: card.entry.value.id });
  } catch (error) {
    setText(refusal, wordsOf(error));
    show(refusal, true);
  } finally {
    card.asking = false;
    for (const button of buttons) button.removeAttribute("aria-disabled");
  }
}

function unfold(card, room) {
  const button = one("[data-more]", card);
  const open = !isUnfolded(card);
  button.setAttribute("aria-expanded", open);
  setText(button, open ? "Hide details" : "Details");
  if (open) fill(card, room);
  else room.hold(button, () => show(one("[data-details]", card), false));
}

/** Also while what belongs there is on its way. */
const isUnfolded = (card) => one("[data-more]", card).getAttribute("aria-expanded") === "true";

async function fill(card, room) {
  const holder = one("[data-details]", card);
  const asked = (card.asked = (card.asked ?? 0) + 1);
  let found;
  try {
    found = await details(card.entry.value.id);
  } catch (error) {
    const textContent = error instanceof Refused && error.status === 404 ? "This job is no longer kept." : wordsOf(error);
    found = [Object.assign(document.createElement("p"), { className: "form-error", textContent })];
  }
  // The job may have changed since, and been asked for again.
  if (!isUnfolded(card) || asked !== card.asked) return;
  room.hold(one("[data-more]", card), () => {
    holder.replaceChildren(...found);
    show(holder, true);
  });
}
