// The right column's "Running jobs": all that have not ended, wherever their cards are.

import { now } from "../rooms/core/clock.js";
import { copy, one, reconcile, setText, show } from "../rooms/ui/dom.js";
import { isShownApart } from "./parts.js";
import { drawBar } from "./progress-bar.js";
import { openQuestion } from "./questions.js";
import { progressText, runTime, stateText } from "./words.js";

export function runningJobs(room) {
  const element = copy("t-job-panel");

  function update(state) {
    const jobs = Object.values(state.extra.jobs ?? {}).filter(isShownApart).sort((a, b) => b.seq - a.seq);
    show(element, jobs.length > 0);
    reconcile(one("ul", element), jobs, {
      keyOf: (job) => job.id,
      create: ({ id }) => {
        const item = copy("t-job-running");
        one("button", item).onclick = () => room.reveal(id, item.job.seq);
        return item;
      },
      update: (item, job) => {
        item.job = job;
        draw(item);
      },
    });
  }

  setInterval(() => one("ul", element).querySelectorAll("li").forEach(draw), 1000);
  return { element, update };
}

function draw(item) {
  const { job } = item;
  const running = job.state === "running";
  setText(one("[data-title]", item), job.title);
  show(one(".bar", item), running);
  if (running) drawBar(one(".bar", item), job);
  const asks = openQuestion(job);
  const state = asks ? `Asks: ${asks.text}` : [stateText(job, now()), !running && runTime(job, now())].filter(Boolean).join(" · ");
  setText(one("[data-text]", item), running && job.progress ? progressText(job, null, now()) : state);
}
