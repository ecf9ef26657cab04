// What a job's card says. Pure; `now` is in milliseconds.

import { moment } from "../rooms/ui/dates.js";
import { count, duration, isolated, measured } from "../rooms/ui/text.js";

/** How each state looks: its icon, its colour, its word. Also those of steps and of attempts. */
export const STATES = {
  scheduled: { icon: "clock", tone: "grey", word: "Scheduled" },
  queued: { icon: "queue", tone: "grey", word: "Queued" },
  running: { icon: "play", tone: "accent", word: "Running" },
  retrying: { icon: "retry", tone: "amber", word: "Retrying" },
  waiting: { icon: "bubble", tone: "amber", word: "Waits for an answer" },
  succeeded: { icon: "check", tone: "green", word: "Succeeded" },
  failed: { icon: "cross", tone: "red", word: "Failed" },
  cancelled: { icon: "stop", tone: "grey", word: "Cancelled" },
  stopped: { icon: "stop", tone: "grey", word: "Stopped" },
  timed_out: { icon: "clock", tone: "red", word: "Timed out" },
  lost: { icon: "cross", tone: "amber", word: "Worker lost" },
  interrupted: { icon: "stop", tone: "grey", word: "Interrupted" },
  postponed: { icon: "clock", tone: "grey", word: "Postponed" },
  asked: { icon: "bubble", tone: "grey", word: "Asked" },
  fanned_out: { icon: "queue", tone: "grey", word: "Fanned out" },
};
const UNKNOWN = { icon: "clock", tone: "grey", word: "" };

export const look = (state) => STATES[state] ?? { ...UNKNOWN, word: state };

/** It goes on when its parts have ended; nobody has to answer anything. */
export const waitsForParts = ({ state, parts = [], questions = [] }) =>
  state === "waiting" && parts.length > 0 && !questions.some((each) => each.state === "open");

export function stateText(job, now) {
  if (waitsForParts(job)) return "Waits for its parts";
  if (job.state === "running" && job.cancel_requested) return "Cancelling";
  if (job.state === "retrying" && job.retry_at) return until("Retrying", job.retry_at, now);
  if (job.state === "scheduled" && job.run_at) {
    const left = Date.parse(job.run_at) - now;
    return left > 3600_000 ? `Scheduled for ${moment(job.run_at, now)}` : until("Starts", job.run_at, now);
  }
  if (job.state === "cancelled" && job.cancelled_by) return `Cancelled by ${isolated(job.cancelled_by.name)}`;
  return look(job.state).word;
}

function until(word, at, now) {
  const seconds = Math.ceil((Date.parse(at) - now) / 1000);
  return seconds > 0 ? `${word} in ${duration(seconds)}` : look("queued").word;
}

/** What is due begins when a worker is free, and nobody knows when that is. */
export function isDue(job, now) {
  if (job.state === "retrying") return Boolean(job.retry_at) && Date.parse(job.retry_at) <= now;
  if (job.state === "scheduled") return Boolean(job.run_at) && Date.parse(job.run_at) <= now;
  return job.state === "queued";
}

/** "420 / 1,000 messages · 12 s left" */
export function progressText({ progress }, pace, now) {
  if (!progress) return "Starting";
  const { current, total, text } = progress;
  const done = total ? `${count(current)} / ${count(total)}` : count(current);
  const left = secondsLeft(progress, pace, now);
  // One word is what is counted ("messages"); more say what is being done ("counting by day").
  const said = text?.includes(" ") ? [text, done] : [[done, text].filter(Boolean).join(" ")];
  return [...said, left !== null && `${duration(left)} left`].filter(Boolean).join(" · ");
}

/** Reckoned from the pace so far; null while that says nothing. */
export function secondsLeft({ current, total }, pace, now) {
  if (!total || !pace || current <= pace.current || current >= total) return null;
  const perSecond = (current - pace.current) / ((now - pace.at) / 1000);
  const seconds = (total - current) / perSecond;
  return now - pace.at < 1000 || !Number.isFinite(seconds) || seconds < 0 ? null : Math.max(1, Math.ceil(seconds));
}

/** From 0 to 1, or null when nobody knows. */
export function share({ progress }) {
  if (!progress?.total) return null;
  return Math.min(1, Math.max(0, progress.current / progress.total));
}

const HELD = { paused: "waits: paused by the people who run the site", at_once: "waits until others like it have ended" };
// As many as the server counts.
const MOST_AHEAD = 100;

/** "took 0.4 s", "14 s so far", "waits for a free worker, 3 before it"; `ahead` may not be known, nor why it is `held`.
 *  @param {any} job
 *  @param {number} now
 *  @param {number | null} ahead
 *  @param {string | null} held */
export function runTime(job, now, ahead = null, held = null) {
  if (isDue(job, now)) {
    if (held) return HELD[held] ?? "waits";
    const before = (ahead ?? 0) > MOST_AHEAD ? `, more than ${count(MOST_AHEAD)} before it` : ahead ? `, ${count(ahead)} before it` : "";
    return `waits for a free worker${before}`;
  }
  if (!job.started_at) return "";
  // Its attempts were short: what took time are its parts.
  const began = job.parts?.length ? job.created_at : job.started_at;
  if (job.finished_at) return `took ${measured((Date.parse(job.finished_at) - Date.parse(began)) / 1000)}`;
  return job.state === "running" ? `${duration((now - Date.parse(job.started_at)) / 1000)} so far` : "";
}

/** Those that ended with a question, or to wait for parts, were no tries that failed. */
export function attemptText({ attempt, max_attempts, questions = [], parts = [] }) {
  if (parts.length) return "";
  const number = attempt - questions.length;
  return number > 1 ? `attempt ${number} of ${max_attempts - questions.length}` : "";
}
