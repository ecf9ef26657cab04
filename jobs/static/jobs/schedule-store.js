// Schedules in a room's state: `extra.schedules`, all of the room by id. Pure; registered by main.js.

/** @import { Reducer } from "../rooms/core/shapes.js" */

/** @type {Record<string, Reducer>} */
export const reducers = {
  /** Durable: the whole schedule as it is now. */
  "schedule.changed": (draft, { schedule }) => {
    draft.extra = { ...draft.extra, schedules: { ...draft.extra.schedules, [schedule.id]: schedule } };
  },

  "schedule.deleted": (draft, { schedule }) => {
    const { [schedule.id]: _gone, ...schedules } = draft.extra.schedules ?? {};
    draft.extra = { ...draft.extra, schedules };
  },
};
