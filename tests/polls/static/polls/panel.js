// The right column's "Polls": those of the room, and their votes.

import { copy, one, reconcile, setText, show } from "../rooms/ui/dom.js";

export function openPolls() {
  const element = copy("t-poll-panel");

  function update(state) {
    const polls = Object.values(state.extra.polls ?? {});
    show(element, polls.length > 0);
    reconcile(one("ul", element), polls, {
      keyOf: ({ id }) => id,
      create: () => copy("t-poll-line"),
      update(item, { question, votes }) {
        setText(one("bdi", item), question);
        setText(one("[data-votes]", item), String(votes.reduce((sum, count) => sum + count, 0)));
      },
    });
  }

  return { element, update };
}
