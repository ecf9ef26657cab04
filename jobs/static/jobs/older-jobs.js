// Cards of a stretch of a room, from REST. Registered into rooms/extensions.js.

import * as api from "../rooms/core/api.js";
import { jobEntry } from "./store.js";

const PAGE_JOBS = 100;
const MOST_PAGES = 5;

export async function history({ slug, from, to, after, before }) {
  const jobs = [];
  let answer = await api.get("/jobs", { room: slug, after, before, limit: PAGE_JOBS });
  for (let pages = 1; ; pages += 1) {
    jobs.push(...answer.jobs);
    if (!answer.next || pages === MOST_PAGES) break;
    answer = await api.follow(answer.next);
  }
  return jobs.filter((job) => job.seq >= from && job.seq < to).map((job) => jobEntry(job));
}
