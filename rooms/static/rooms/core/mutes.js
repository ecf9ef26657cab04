// People who are muted in a room: who is, the state says, and a `local.unmuted` ends what is over. Pure.

import { moment } from "../ui/dates.js";
import { each } from "./names.js";

/** @import { RoomState } from "./shapes.js" */

const MINUTE_MS = 60_000;

/** When it is over, in words that follow "until": a minute that has begun is not over.
 *  @param {string} until
 *  @param {number} now */
export const endOf = (until, now) => moment(Math.ceil(Date.parse(until) / MINUTE_MS) * MINUTE_MS, now);

/** When the next one is over, of the members that the page knows and its reader; null: nobody is muted.
 *  @param {{ members: { muted_until?: string | null }[], room: { muted_until?: string | null } }} state
 *  @returns {number | null} */
export function nextEnd({ members, room }) {
  const ends = [room, ...members].flatMap(({ muted_until }) => (muted_until ? [Date.parse(muted_until)] : []));
  return ends.length ? Math.min(...ends) : null;
}

/** Whoever's mute is over may write again.
 *  @param {RoomState} draft
 *  @param {{ [field: string]: any }} event */
export function unmuted(draft, { now }) {
  const freed = (known) => (known.muted_until && Date.parse(known.muted_until) <= now ? { ...known, muted_until: null } : known);
  draft.members = each(draft.members, freed);
  draft.room = freed(draft.room);
}
