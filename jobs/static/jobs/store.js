// Jobs in a room's state. Pure; registered into rooms/store.js.
//
// A job stands in the stream at the seq of its first event, as { seq, at, kind: "job", value: job,
// pace }. Jobs that have not ended are also in `extra.jobs` by id, wherever their card is: the page
// begins with all of them.
// `pace` is what the remaining time is reckoned from: { attempt, at, current }.

import { each, named } from "../rooms/core/names.js";
import { entryAt, lastEntry, place } from "../rooms/core/window.js";

/** @import { Reducer } from "../rooms/core/shapes.js" */

const ENDED = new Set(["succeeded", "failed", "cancelled"]);

export const hasEnded = (job) => ENDED.has(job.state);

export const jobEntry = (job, pace = null) => ({ seq: job.seq, at: job.created_at, kind: "job", value: job, pace });

/** @type {Record<string, Reducer>} */
export const reducers = {
  /** Durable: the whole job as it is after the change. */
  "job.changed": (draft, { job }, { now }) => put(draft, job, now),

  /** The answer to a submission; the event that says the same may have come before it. */
  "job.accepted": (draft, { job }, { now }) => {
    if (!entryAt(draft, job.seq)) put(draft, job, now);
  },

  /** Ephemeral: may be late, so it speaks only for the attempt that is running. */
  "job.progress": (draft, event, { now }) => {
    const entry = findEntry(draft, event.job);
    const job = entry?.value ?? draft.extra.jobs?.[event.job];
    if (!job || job.state !== "running" || job.attempt !== event.attempt) return;
    put(draft, { ...job, progress: event.progress }, now);
  },

  /** Who asked for jobs is called something else. */
  "member.changed": (draft, { member }) => {
    const rename = (job) => {
      const requested_by = named(job.requested_by, member.user);
      const cancelled_by = named(job.cancelled_by, member.user);
      return requested_by === job.requested_by && cancelled_by === job.cancelled_by ? job : { ...job, requested_by, cancelled_by };
    };
    const entries = (list) =>
      each(list, (entry) => {
        const job = entry.kind === "job" ? rename(entry.value) : entry.value;
        return job === entry.value ? entry : { ...entry, value: job };
      });
    draft.entries = entries(draft.entries);
    draft.tail = entries(draft.tail);
    const jobs = Object.entries(draft.extra.jobs ?? {});
    if (jobs.length) draft.extra = { ...draft.extra, jobs: Object.fromEntries(jobs.map(([id, job]) => [id, rename(job)])) };
  },
};

function put(draft, job, now) {
  const jobs = { ...draft.extra.jobs };
  if (hasEnded(job)) delete jobs[job.id];
  else jobs[job.id] = job;
  draft.extra = { ...draft.extra, jobs };
  place(draft, jobEntry(job, paceOf(job, entryAt(draft, job.seq)?.pace, now)));
}

/** The first progress that was seen of an attempt, or its start when nothing was done by then. */
function paceOf(job, pace, now) {
  if (job.state !== "running" || !job.progress) return null;
  if (pace?.attempt === job.attempt && pace.current <= job.progress.current) return pace;
  return { attempt: job.attempt, at: now, current: job.progress.current };
}

function findEntry(draft, id) {
  return lastEntry(draft, ({ kind, value }) => kind === "job" && value.id === id);
}
