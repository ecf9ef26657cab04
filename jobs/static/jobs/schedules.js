// The right column's "Schedules": jobs that come again and again, and what one may do to them.

import * as api from "../rooms/core/api.js";
import { now } from "../rooms/core/clock.js";
import { nameOf } from "../rooms/ui/avatar.js";
import { confirmed } from "../rooms/ui/confirm.js";
import { exactTime, moment } from "../rooms/ui/dates.js";
import { copy, one, reconcile, setText, show } from "../rooms/ui/dom.js";
import { isolated, wordsOf } from "../rooms/ui/text.js";

const MANAGERS = new Set(["owner", "moderator"]);

/** Whether this person is offered to pause, resume, run and delete it; the server decides again. Pure. */
export function mayControl(state, { owner }) {
  return owner?.id === state.user.id || MANAGERS.has(state.room.role);
}

/** "Next tomorrow at 09:00", or why it does not come. Pure. */
export function nextText(schedule, at) {
  if (schedule.paused) return schedule.pause_reason ?? "Paused.";
  return `Next ${moment(schedule.next_run_at, at)}`;
}

export function openSchedules(room) {
  const element = copy("t-schedule-panel");
  const error = one("[role=alert]", element);
  let drawn = null;

  function update(state) {
    const key = [state.extra.schedules, state.room];
    if (drawn && key.every((each, index) => each === drawn[index])) return;
    if (drawn?.[1].slug !== state.room.slug) say("");
    drawn = key;
    const schedules = Object.values(state.extra.schedules ?? {}).sort((a, b) => a.id - b.id);
    show(element, schedules.length > 0);
    reconcile(one("ul", element), schedules, {
      keyOf: ({ id }) => id,
      create: ({ id }) => row(id),
      update: (item, schedule) => draw(item, schedule, mayControl(state, schedule)),
    });
  }

  function row(id) {
    const item = copy("t-schedule");
    item.dataset.schedule = id;
    one("[data-pause]", item).onclick = () => ask(() => api.patch(`/schedules/${id}`, { paused: !item.schedule.paused }));
    one("[data-run]", item).onclick = () => ask(() => api.post(`/schedules/${id}/run`));
    one("[data-delete]", item).onclick = async () => {
      const asked = { title: `Delete the schedule ${item.schedule.title}?`, words: "The jobs that came of it stay.", action: "Delete" };
      if (await confirmed(asked)) await ask(() => api.remove(`/schedules/${id}`));
    };
    return item;
  }

  /** The room's events bring what comes of it. */
  async function ask(call) {
    const { slug } = room;
    say("");
    try {
      await call();
    } catch (refused) {
      if (room.slug === slug) say(wordsOf(refused));
    }
  }

  function say(words) {
    setText(error, words);
    show(error, words !== "");
  }

  // "Tomorrow" becomes "today".
  setInterval(() => one("ul", element).querySelectorAll("li").forEach(drawNext), 60_000);
  return { element, update };
}

function draw(item, schedule, may) {
  item.schedule = schedule;
  item.toggleAttribute("data-paused", schedule.paused);
  setText(one("[data-title]", item), schedule.title);
  setText(one("[data-words]", item), `${schedule.words}, for ${isolated(nameOf(schedule.owner))}`);
  setText(one("[data-number]", item), `#${schedule.id}`);
  drawNext(item);
  show(one("[data-buttons]", item), may);
  const pause = one("[data-pause]", item);
  setText(pause, schedule.paused ? "Resume" : "Pause");
  for (const [selector, verb] of [["[data-pause]", pause.textContent], ["[data-run]", "Run now"], ["[data-delete]", "Delete"]]) {
    one(selector, item).setAttribute("aria-label", `${verb}: ${schedule.title} #${schedule.id}`);
  }
}

function drawNext(item) {
  const { schedule } = item;
  const next = one("[data-next]", item);
  setText(next, nextText(schedule, now()));
  next.title = schedule.next_run_at ? exactTime(schedule.next_run_at) : "";
}
