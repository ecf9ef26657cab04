// Jobs that are parts of another one: lines on its card, and cards of their own only while they ask.

import { now } from "../rooms/core/clock.js";
import { copy, one, reconcile, setText, show } from "../rooms/ui/dom.js";
import { drawBadge } from "./badge.js";
import { openQuestion } from "./questions.js";
import { progressText } from "./words.js";

/** Whether a job stands in the stream by itself. Pure. */
export const isShownApart = (job) => !job.parent || openQuestion(job) !== null;

/** The parts as they are now: of those that have not ended the room knows more than their job. Pure. */
export const partsNow = ({ parts = [] }, { extra }) => parts.map((part) => extra.jobs?.[part.id] ?? part);

function saidOf(part) {
  if (part.state === "running" && part.progress) return progressText(part, null, now());
  return part.error?.message || part.error?.class || part.summary || "";
}

export function drawParts(list, job, state) {
  const parts = partsNow(job, state);
  show(list, parts.length > 0);
  reconcile(list, parts, {
    keyOf: ({ id }) => id,
    create: () => copy("t-job-step"),
    update: (element, part) => {
      drawBadge(one("[data-state]", element), part.state);
      setText(one("[data-name]", element), part.title);
      setText(one("[data-text]", element), saidOf(part));
    },
  });
}
