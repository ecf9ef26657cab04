// Reactions in a room's state: a part of their messages.

import { alter } from "../../core/changed-messages.js";
import { each, named } from "../../core/names.js";

/** @import { Reducer } from "../../core/shapes.js" */
/** @typedef {{ emoji: string, count: number, users: { id: number, name: string }[] }} Reaction */

/** An event has all that is shown of its emoji: whatever stood there, this takes its place.
 *  @type {Reducer} */
const change = (draft, event) => {
  const { message, emoji, count, users } = event;
  alter(draft, message, (value) => ({ ...value, reactions: changed(value.reactions ?? [], { emoji, count, users }) }));
};

/** An emoji keeps its place while anybody has chosen it.
 *  @param {Reaction[]} before
 *  @param {Reaction} now
 *  @returns {Reaction[]} */
function changed(before, now) {
  if (now.count === 0) return before.filter(({ emoji }) => emoji !== now.emoji);
  const known = before.some(({ emoji }) => emoji === now.emoji);
  return known ? before.map((each) => (each.emoji === now.emoji ? now : each)) : [...before, now];
}

/** Who has reacted is called something else.
 *  @type {Reducer} */
const rename = (draft, { member }) => {
  for (const { kind, value } of [...draft.entries, ...draft.tail]) {
    if (kind !== "message" || !value.reactions?.length) continue;
    const reactions = each(value.reactions, (reaction) => {
      const users = each(reaction.users, (user) => named(user, member.user));
      return users === reaction.users ? reaction : { ...reaction, users };
    });
    if (reactions !== value.reactions) alter(draft, value, (message) => ({ ...message, reactions }));
  }
};

/** @type {Record<string, Reducer>} */
export const reducers = { "reaction.added": change, "reaction.removed": change, "member.changed": rename };
