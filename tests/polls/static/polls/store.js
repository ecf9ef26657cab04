// Polls in a room's state: in their messages, and all of the room in `extra.polls` by id.

import { lastEntry, place } from "../rooms/core/window.js";

/** @import { Reducer } from "../rooms/core/shapes.js" */

/** @type {Record<string, Reducer>} */
export const reducers = {
  "message.created"(draft, { message }) {
    if (message.poll) keep(draft, message.poll);
  },

  /** Durable: the whole poll as it is after the vote. */
  "poll.voted"(draft, { poll }) {
    keep(draft, poll);
    const entry = lastEntry(draft, ({ kind, value }) => kind === "message" && value.poll?.id === poll.id);
    if (entry) place(draft, { ...entry, value: { ...entry.value, poll } });
  },
};

function keep(draft, poll) {
  draft.extra = { ...draft.extra, polls: { ...draft.extra.polls, [poll.id]: poll } };
}
