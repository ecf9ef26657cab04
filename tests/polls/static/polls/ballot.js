// The options of a poll below its question, each with its votes and a button to vote for it.

import { copy, one, reconcile, setText } from "../rooms/ui/dom.js";
import { wordsOf } from "../rooms/ui/text.js";

export const ballot = {
  name: "poll",
  of: (message) => message.poll ?? null,
  create: () => copy("t-poll"),

  update(element, { id, options, votes }, _message, room) {
    const items = options.map((text, option) => ({ text, option, votes: votes[option] }));
    reconcile(one("ul", element), items, {
      keyOf: ({ option }) => option,
      create({ option }) {
        const item = copy("t-poll-option");
        one("button", item).onclick = () => vote(element, room, id, option);
        return item;
      },
      update(item, { text, votes: count }) {
        setText(one("button", item), text);
        setText(one("[data-votes]", item), count === 1 ? "1 vote" : `${count} votes`);
      },
    });
  },
};

async function vote(element, room, poll, option) {
  let refusal = "";
  try {
    await room.command({ type: "poll.vote", poll, option });
  } catch (refused) {
    refusal = wordsOf(refused);
  }
  setText(one("[role=alert]", element), refusal);
}
