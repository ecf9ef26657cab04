// The bar of a job's progress. Without a total it only says that something moves.

import { share } from "./words.js";

export function drawBar(bar, job) {
  const part = share(job);
  bar.classList.toggle("unknown", part === null);
  if (part === null) {
    bar.removeAttribute("aria-valuenow");
    bar.firstElementChild.style.transform = "";
    return;
  }
  bar.setAttribute("aria-valuemax", job.progress.total);
  bar.setAttribute("aria-valuenow", job.progress.current);
  bar.firstElementChild.style.transform = `scaleX(${part})`;
}
