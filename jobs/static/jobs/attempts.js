// What "Details" unfolds: the job's attempts and what it was asked to do, fetched when wanted.

import * as api from "../rooms/core/api.js";
import { now } from "../rooms/core/clock.js";
import { exactTime, moment } from "../rooms/ui/dates.js";
import { copy, one, setText, show } from "../rooms/ui/dom.js";
import { measured } from "../rooms/ui/text.js";
import { drawBadge } from "./badge.js";

/** The elements for a job's details. Fails with words for the person. */
export async function details(id) {
  const job = await api.get(`/jobs/${id}`);
  const facts = document.createElement("p");
  facts.className = "quiet job-facts";
  const params = Object.entries(job.params).filter(([, value]) => value !== null && value !== "");
  facts.textContent = [job.kind, ...params.map(([name, value]) => `${name}=${plain(value)}`), `queue ${job.queue}`].join(" · ");
  const list = document.createElement("ol");
  list.className = "job-attempts";
  list.append(...job.attempts.map(line));
  if (!job.attempts.length) list.append(Object.assign(document.createElement("li"), { className: "quiet", textContent: "No attempt has begun." }));
  return [facts, list];
}

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function line(attempt) {
  const element = copy("t-job-attempt");
  setText(one("[data-number]", element), attempt.number);
  drawBadge(one("[data-state]", element), attempt.outcome ?? "running");
  const when = one("[data-when]", element);
  const took = attempt.ended_at && measured((Date.parse(attempt.ended_at) - Date.parse(attempt.started_at)) / 1000);
  setText(when, [moment(attempt.started_at, now()), took, attempt.worker].filter(Boolean).join(" · "));
  when.title = exactTime(attempt.started_at);
  const error = [attempt.error_class, attempt.message].filter(Boolean).join(": ");
  setText(one("[data-error]", element), error);
  show(one("[data-error]", element), error !== "");
  const technical = [attempt.traceback, attempt.log].filter(Boolean).join("\n");
  setText(one("[data-traceback]", element), technical);
  show(one("[data-traceback]", element), technical !== "");
  return element;
}
