import { described, isComplete } from "./jobs/kinds.js";
import { outcome } from "./jobs/outcome.js";
import { conditions, mayAnswer, openQuestion, settledText, spokenChange } from "./jobs/questions.js";
import { drawResult } from "./jobs/result.js";
import { mayControl, nextText } from "./jobs/schedules.js";
import { jobEntry, reducers } from "./jobs/store.js";
import { attemptText, progressText, runTime, secondsLeft, share, stateText } from "./jobs/words.js";
import { afterGap, apply, fromPage } from "./rooms/core/store.js";
import { withCards } from "./rooms/core/window.js";
import { isolated } from "./rooms/ui/text.js";
import { equal, test } from "./harness.js";

const now = Date.parse("2026-05-01T09:00:00Z");
const inSeconds = (seconds) => new Date(now + seconds * 1000).toISOString();
const job = (more = {}) => ({
  id: "j", kind: "k", title: "Job", state: "running", room: "lobby", seq: 4, created_at: inSeconds(-60), started_at: inSeconds(-14),
  finished_at: null, run_at: null, retry_at: null, attempt: 1, max_attempts: 5, progress: null, cancel_requested: false, steps: [], attachments: [], ...more,
});
/** Only what these tests need of it.
 *  @returns {any} */
const pageOf = (more = {}) => ({
  user: { id: 1, name: "Ana" }, rooms: [], room: { slug: "lobby", role: "member", unread: 0, members: 1 },
  head: 3, messages: [], older: false, notices: [], members: [], ...more,
});
const page = (more = {}) => fromPage(pageOf(more));
const changed = (seq, more) => ({ type: "job.changed", room: "lobby", seq, job: job(more) });
const progress = (current, attempt = 1) => ({ type: "job.progress", room: "lobby", job: "j", attempt, progress: { current, total: 100, text: "messages" } });
const lists = Object.fromEntries(Object.entries(reducers).map(([type, reduce]) => [type, [reduce]]));
const run = (state, ...events) => apply(state, events, { now, reducers: lists });

test("a job stands where it began and changes in place", () => {
  const state = run(page(), changed(4, { state: "queued" }), changed(5), changed(6, { state: "succeeded" }));
  equal(state.entries.map((entry) => [entry.seq, entry.value.state]), [[4, "succeeded"]]);
  equal(state.extra.jobs, {});
});

test("progress counts for the attempt that runs, and for no job that ended", () => {
  const running = run(page(), changed(4), progress(30));
  equal(running.entries[0].value.progress.current, 30);
  equal(run(running, progress(90, 2)).entries[0].value.progress.current, 30);
  equal(run(running, changed(5, { state: "succeeded" }), progress(99)).entries[0].value.progress, null);
});

test("the answer to a submission does not undo what an event said", () => {
  const state = run(page(), changed(4), { type: "job.accepted", room: "lobby", job: job({ state: "queued" }) });
  equal(state.entries[0].value.state, "running");
});

test("history does not undo what an event said", () => {
  const state = withCards(run(page(), changed(4, { state: "succeeded" })), [jobEntry(job())]);
  equal(state.entries[0].value.state, "succeeded");
});

test("a job whose card is above what is loaded is known, not shown", () => {
  const message = { seq: 50, at: inSeconds(0), id: 1, author: null, kind: "text" };
  const state = run(page({ messages: [message], head: 50, older: true }), changed(51), { ...progress(7) });
  equal([state.entries.length, state.extra.jobs.j.progress.current], [1, 7]);
});

test("what a card says", () => {
  equal(stateText(job({ state: "retrying", retry_at: inSeconds(7.2) }), now), "Retrying in 8 s");
  equal(stateText(job({ state: "retrying", retry_at: inSeconds(-1) }), now), "Queued");
  equal(stateText(job({ cancel_requested: true }), now), "Cancelling");
  equal(stateText(job({ state: "cancelled", cancelled_by: { id: 1, name: "Ana" } }), now), `Cancelled by ${isolated("Ana")}`);
  equal(stateText(job({ state: "cancelled", cancelled_by: null }), now), "Cancelled");
  equal(stateText(job({ state: "scheduled", run_at: inSeconds(65) }), now), "Starts in 1 min 5 s");
  const [hours, minutes] = [new Date(now + 30 * 3600_000), new Date(now + 30 * 3600_000)].map((date, index) => String(index ? date.getMinutes() : date.getHours()).padStart(2, "0"));
  equal(stateText(job({ state: "scheduled", run_at: inSeconds(30 * 3600) }), now), `Scheduled for tomorrow at ${hours}:${minutes}`);
  equal([attemptText(job()), attemptText(job({ attempt: 2 }))], ["", "attempt 2 of 5"]);
  equal(runTime(job(), now), "14 s so far");
  equal(runTime(job({ finished_at: inSeconds(-13.6) }), now), "took 0.4 s");
  equal(runTime(job({ finished_at: inSeconds(80) }), now), "took 1 min 34 s");
  equal(runTime(job({ state: "queued", started_at: null }), now), "waits for a free worker");
  equal(runTime(job({ state: "retrying", retry_at: inSeconds(-1) }), now), "waits for a free worker");
  equal(runTime(job({ state: "retrying", retry_at: inSeconds(9) }), now), "");
});

test("progress in words, with what is left", () => {
  const running = job({ progress: { current: 420, total: 1000, text: "messages" } });
  const pace = { attempt: 1, at: now - 10_000, current: 0 };
  equal(progressText(running, pace, now), "420 / 1,000 messages · 14 s left");
  equal(progressText(running, null, now), "420 / 1,000 messages");
  equal(progressText(job({ progress: { current: 1, total: 3, text: "counting by day" } }), null, now), "counting by day · 1 / 3");
  equal(progressText(job(), null, now), "Starting");
  equal(secondsLeft({ current: 0, total: 10 }, pace, now), null, "nothing done says nothing");
  equal(secondsLeft({ current: 10, total: 10 }, pace, now), null);
  equal([share(running), share(job({ progress: { current: 3, total: null } })), share(job({ progress: { current: 9, total: 3 } }))], [0.42, null, 1]);
});

test("params are explained from their schema", () => {
  equal(described({ type: "integer", minimum: 1, maximum: 366, default: 7, description: "how many days" }, false), "how many days, 1–366, 7 unless said");
  equal(described({ enum: ["a", "b"], type: "string" }, true), "one of a, b, needed");
});

test("the page's jobs are all there, loaded cards or not, and go when they end", () => {
  const jobs = { j: job(), other: job({ id: "other", seq: 2 }) };
  const begun = page({ extra: { jobs } });
  const loaded = withCards(begun, [jobEntry(job())]);
  equal(Object.keys(loaded.extra.jobs), ["j", "other"]);
  equal(Object.keys(run(loaded, changed(4, { state: "succeeded" })).extra.jobs), ["other"]);
});

test("after a gap the page says what has not ended, and what began since stays", () => {
  const before = run(page({ extra: { jobs: { gone: job({ id: "gone", seq: 1 }) } } }), changed(9, { id: "new", seq: 9 }));
  const after = afterGap(before, pageOf({ head: 8, extra: { jobs: { j: job() } } }));
  equal(Object.keys(after.extra.jobs), ["j", "new"]);
});

test("a last word right under its card is not said again", () => {
  const last = { kind: "message", value: { id: 5, job: "j" } };
  equal(outcome.repeats(last, jobEntry(job())), true);
  equal(outcome.repeats(last, jobEntry(job({ id: "other" }))), false);
  equal(outcome.repeats(last, undefined), false);
});

test("a command is complete when nothing is half typed and all that is needed is given", () => {
  const kind = (required, ...names) => ({ params_schema: { required, properties: Object.fromEntries(names.map((name) => [name, {}])) } });
  const optional = kind([], "days", "words");
  equal(["", "days=7", "days=7 words=3 "].map((rest) => isComplete(optional, rest)), [true, true, true]);
  equal(["da", "days=7 wo"].map((rest) => isComplete(optional, rest)), [false, false]);
  equal(["", "days=7", "format=json"].map((rest) => isComplete(kind(["format"], "format", "days"), rest)), [false, false, true]);
  equal(isComplete({}, ""), true, "a kind without params");
});

test("numbers stand as they were given, unless their column asks for groups", () => {
  document.body.innerHTML = `<template id="t-job-table"><div><table><thead><tr></tr></thead><tbody></tbody></table></div></template>`;
  const holder = document.createElement("div");
  drawResult(holder, { table: { columns: ["Year", "Value", { name: "Messages", format: "grouped" }], rows: [[2026, 3.14159, 1200], [1000, 18.84954, 7]] } });
  const texts = (selector) => [...holder.querySelectorAll(selector)].map((cell) => cell.textContent);
  equal(texts("th"), ["Year", "Value", "Messages"]);
  equal(texts("td"), ["2026", "3.14159", "1,200", "1000", "18.84954", "7"]);
});

test("a schedule says when it comes next, or why it does not", () => {
  const schedule = { paused: false, pause_reason: null, next_run_at: inSeconds(86_400) };
  equal(nextText(schedule, now).startsWith("Next tomorrow at "), true);
  equal(nextText({ ...schedule, paused: true, pause_reason: "Paused by Ana." }, now), "Paused by Ana.");
});

test("its owner and the room's moderators are offered what can be done with it", () => {
  const state = (id, role) => ({ user: { id }, room: { role } });
  const schedule = { owner: { id: 1, name: "Ana" } };
  equal([state(1, null), state(2, "member"), state(2, "moderator"), state(2, "owner")].map((each) => mayControl(each, schedule)), [true, false, true, true]);
  equal(mayControl(state(1, "member"), { owner: null }), false);
});

const asks = (more = {}) => ({ id: "q", text: "Go?", choices: ["Yes"], who: "members", state: "open", expires_at: inSeconds(86_400), answer: null, answered_by: null, ...more });
const asking = (more = {}) => job({ state: "waiting", requested_by: { id: 1, name: "Ana" }, questions: [asks(more)] });

test("a question is open while its job waits", () => {
  equal(openQuestion(asking()).id, "q");
  equal([openQuestion({ ...asking(), state: "queued" }), openQuestion(asking({ state: "answered" })), openQuestion(job())], [null, null, null]);
});

test("those are offered to answer whose answer counts", () => {
  const state = (id, role) => ({ user: { id }, room: { role } });
  const people = [state(1, null), state(2, null), state(2, "member"), state(2, "moderator"), state(2, "owner")];
  const may = (who) => people.map((each) => mayAnswer(each, asking(), { who }));
  equal(may("requester"), [true, false, false, false, false]);
  equal(may("members"), [false, false, true, true, true]);
  equal(may("moderators"), [false, false, false, true, true]);
});

test("a card says who may answer until when, what was answered, and reads it out", () => {
  equal(conditions(asks(), true, now).startsWith("Until tomorrow at "), true);
  equal(conditions(asks(), false, now).startsWith("Only members of the room can answer, until tomorrow at "), true);
  const answered = asks({ state: "answered", answer: "Yes", answered_by: { id: 2, name: "Ben" } });
  equal([settledText(answered), settledText(asks({ state: "expired" }))], [`${isolated("Ben")} answered`, "Nobody answered in time"]);
  equal(spokenChange(job(), asking()), "Job asks: Go?");
  equal(spokenChange(asking(), job({ state: "queued", questions: [answered] })), `${isolated("Ben")} answered Yes`);
  equal(spokenChange(job(), job({ state: "succeeded" })), null);
});

test("an attempt that ended with a question is no try that failed", () => {
  equal(attemptText(job({ attempt: 2, max_attempts: 6, questions: [asks()] })), "");
  equal(attemptText(job({ attempt: 3, max_attempts: 6, questions: [asks()] })), "attempt 2 of 5");
});
