// What jobs add to a room: cards in the stream, sections beside it, help for "/job".
// Runs before rooms/main.js, which draws what is registered here.

import { addReducer, completers, entryKinds, histories, messageKinds, panels } from "../rooms/core/extensions.js";
import { jobCard } from "./card.js";
import { history } from "./older-jobs.js";
import { completions } from "./kinds.js";
import { outcome } from "./outcome.js";
import { runningJobs } from "./panel.js";
import * as scheduleStore from "./schedule-store.js";
import { openSchedules } from "./schedules.js";
import * as store from "./store.js";

for (const { reducers } of [store, scheduleStore]) {
  for (const [type, reduce] of Object.entries(reducers)) addReducer(type, reduce);
}
entryKinds.job = jobCard;
messageKinds.job = outcome;
histories.push(history);
panels.push(runningJobs, openSchedules);
completers.job = completions;
