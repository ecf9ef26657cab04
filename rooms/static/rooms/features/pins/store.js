// What is pinned, in a room's state: `extra.pins` by the messages' ids, as the page and the events say it.

import { named } from "../../core/names.js";

/** @import { Reducer, RoomState } from "../../core/shapes.js" */
/** @typedef {{ seq: number, message: { id: number, seq: number }, user: { id: number, name: string } | null, at: string }} Pin */

/** @param {{ extra: Record<string, any> }} state
 *  @returns {Record<string, Pin>} */
export const pinsOf = ({ extra }) => extra.pins ?? {};

/** @param {RoomState} draft
 *  @param {number} id */
function without(draft, id) {
  const { [id]: _, ...others } = pinsOf(draft);
  draft.extra = { ...draft.extra, pins: others };
}

/** Who has pinned something is called something else.
 *  @type {Reducer} */
const rename = (draft, { member, user = member?.user }) => {
  const pins = Object.entries(pinsOf(draft)).map(([id, pin]) => [id, { ...pin, user: named(pin.user, user) }]);
  if (pins.length) draft.extra = { ...draft.extra, pins: Object.fromEntries(pins) };
};

/** @type {Record<string, Reducer>} */
export const reducers = {
  "message.pinned": (draft, { seq, at, message, user }) => {
    draft.extra = { ...draft.extra, pins: { ...pinsOf(draft), [message.id]: { seq, message, user, at } } };
  },
  "message.unpinned": (draft, { message }) => without(draft, message.id),
  "message.deleted": (draft, { message }) => without(draft, message.id),
  "member.changed": rename,
  person: rename,
};
