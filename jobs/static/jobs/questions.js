// What a job asks, on its card: buttons or a field for the open question, and what was answered before.

import { now } from "../rooms/core/clock.js";
import { nameOf } from "../rooms/ui/avatar.js";
import { exactTime, moment, timeOfDay } from "../rooms/ui/dates.js";
import { copy, one, reconcile, setText, show } from "../rooms/ui/dom.js";
import { isolated } from "../rooms/ui/text.js";

const MANAGERS = new Set(["owner", "moderator"]);
const WHO = { requester: "who asked for the job", members: "members of the room", moderators: "the room's moderators" };

/** What waits for an answer, or null. Pure. */
export function openQuestion({ state, questions = [] }) {
  return state === "waiting" ? (questions.find((each) => each.state === "open") ?? null) : null;
}

/** Whether this person's answer counts; the server decides again. Pure. */
export function mayAnswer({ user, room }, job, { who }) {
  if (who === "requester") return job.requested_by?.id === user.id;
  return who === "members" ? Boolean(room.role) : MANAGERS.has(room.role);
}

/** "Until tomorrow at 14:02", and who may if one may not oneself. Pure. */
export function conditions(question, may, at) {
  const until = `ntil ${moment(question.expires_at, at)}`;
  return may ? `U${until}` : `Only ${WHO[question.who]} can answer, u${until}`;
}

/** "Ana answered", or why nobody has. Pure. */
export function settledText({ state, answered_by }) {
  if (state === "answered") return `${isolated(nameOf(answered_by))} answered`;
  return state === "expired" ? "Nobody answered in time" : "Not answered";
}

/** What is read out when it is asked, and when it is answered; null for other changes. Pure. */
export function spokenChange(before, job) {
  const asks = openQuestion(job);
  if (asks) return `${job.title} asks: ${asks.text}`;
  const open = openQuestion(before);
  const settled = open && job.questions?.find(({ id }) => id === open.id);
  return settled ? `${settledText(settled)} ${settled.answer ?? ""}`.trim() : null;
}

/** `give(question, answer)` sends an answer, and fails nowhere. */
export function drawQuestions(card, state, job, give) {
  const holder = one("[data-question]", card);
  const open = openQuestion(job);
  show(holder, open !== null);
  if (open) drawOpen(holder, state, job, open, give);
  else delete holder.dataset.id;
  const settled = (job.questions ?? []).filter((each) => each !== open && each.state !== "open");
  const list = one("[data-answers]", card);
  show(list, settled.length > 0);
  reconcile(list, settled, { keyOf: ({ id }) => id, create: () => copy("t-job-answer"), update: drawSettled });
}

/** What time alone changes. */
export function drawConditions(card, state, job) {
  const open = openQuestion(job);
  if (open) setText(one("[data-conditions]", card), conditions(open, mayAnswer(state, job, open), now()));
}

function drawOpen(holder, state, job, question, give) {
  if (holder.dataset.id !== question.id) fill(holder, question, give);
  const may = mayAnswer(state, job, question);
  for (const control of holder.querySelectorAll("button, input")) control.disabled = !may;
}

/** Made once for each question: what somebody is typing stays. */
function fill(holder, question, give) {
  const { id, text, choices } = question;
  holder.dataset.id = id;
  const conditionsId = `conditions-${id}`;
  setText(one("[data-asked]", holder), text);
  one("[data-conditions]", holder).id = conditionsId;
  const group = one("[data-choices]", holder);
  group.setAttribute("aria-label", text);
  group.setAttribute("aria-describedby", conditionsId);
  group.replaceChildren(
    ...choices.map((choice) => {
      const button = copy("t-job-choice");
      setText(button, choice);
      button.onclick = () => give(question, choice);
      return button;
    }),
  );
  show(group, choices.length > 0);
  const form = one("form", holder);
  const input = one("input", form);
  show(form, choices.length === 0);
  input.value = "";
  input.setAttribute("aria-label", text);
  input.setAttribute("aria-describedby", conditionsId);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (input.value.trim()) give(question, input.value);
    else input.focus();
  };
}

function drawSettled(element, question) {
  setText(one("[data-asked]", element), question.text);
  setText(one("[data-settled]", element), settledText(question));
  setText(one("[data-answer]", element), question.answer ?? "");
  const time = one("time", element);
  show(time, Boolean(question.answered_at));
  if (!question.answered_at) return;
  setText(time, timeOfDay(question.answered_at));
  time.dateTime = question.answered_at;
  time.title = exactTime(question.answered_at);
}
