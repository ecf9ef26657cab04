// Whether one has chosen an emoji oneself. Messages list only the first people of an emoji; of those
// with more, the server is asked: once for all messages that are drawn in the same moment.

import * as api from "../../core/api.js";

/** @import { Message, Person, Room } from "../../core/shapes.js" */
/** @import { Reaction } from "./store.js" */

const MOST_ASKED = 100;
const GATHER_MS = 50;
/** "message emoji" → whether it is one's own, where that was heard or asked. */
const known = new Map();
const asked = new Set();
/** @type {Map<number, { message: Message, drawn: () => void }>} */
let waiting = new Map();

const keyOf = (message, emoji) => `${message} ${emoji}`;

/** What was just heard, or done.
 *  @param {number} message
 *  @param {string} emoji
 *  @param {boolean} whether */
export const note = (message, emoji, whether) => known.set(keyOf(message, emoji), whether);

/** @param {Message} message
 *  @param {Reaction} reaction
 *  @param {Person} user */
export function isOwn(message, { emoji, count, users }, user) {
  if (users.some(({ id }) => id === user.id)) return true;
  return users.length < count && known.get(keyOf(message.id, emoji)) === true;
}

/** Ask where it is not known; `drawn` is called when it is.
 *  @param {Message} message
 *  @param {Reaction[]} reactions
 *  @param {Room} room
 *  @param {() => void} drawn */
export function askOwn(message, reactions, room, drawn) {
  const { user } = room.state;
  const open = reactions.some(({ users, count }) => users.length < count && !users.some(({ id }) => id === user.id));
  if (!open || asked.has(message.id)) return;
  asked.add(message.id);
  if (!waiting.size) setTimeout(() => askAll(room.slug), GATHER_MS);
  waiting.set(message.id, { message, drawn });
}

async function askAll(slug) {
  const all = [...waiting];
  waiting = new Map();
  for (let at = 0; at < all.length; at += MOST_ASKED) {
    const some = all.slice(at, at + MOST_ASKED);
    try {
      const { reactions } = await api.get(`/rooms/${slug}/own-reactions`, { message: some.map(([id]) => id) });
      for (const { message, emoji } of reactions) {
        for (const each of emoji) if (!known.has(keyOf(message, each))) note(message, each, true);
      }
      for (const [, { drawn }] of some) drawn();
    } catch {
      // They are asked for again when they are drawn again.
      for (const [id] of some) asked.delete(id);
    }
  }
}
