// The right column's "Pinned": each leads to its message. What a message says is known where it is
// held or has changed lately; the rest is asked for, once somebody looks.

import { addressOf } from "../../core/addresses.js";
import * as api from "../../core/api.js";
import { changeOf } from "../../core/changed-messages.js";
import { entryAt } from "../../core/window.js";
import { nameOf } from "../../ui/avatar.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { excerpt } from "../../ui/text.js";
import { pinsOf } from "./store.js";

/** @import { Panel, Person, Room, RoomState } from "../../core/shapes.js" */
/** @import { Pin } from "./store.js" */
/** @typedef {{ author: Person | null, text: string }} Said */

/** What the message of a pin says, as far as that is known. Pure.
 *  @param {Pin} pin
 *  @param {RoomState} state
 *  @param {Map<number, Said>} asked
 *  @returns {Said | null} */
export function saidOf({ message: { id, seq } }, state, asked) {
  const entry = entryAt(state, seq);
  const message = changeOf(state, id)?.message ?? (entry?.kind === "message" ? entry.value : null);
  return message ? { author: message.author, text: excerpt(message.body) } : (asked.get(id) ?? null);
}

/** @param {Room} room
 *  @returns {Panel} */
export function pinned(room) {
  const element = copy("t-pins");
  /** @type {Map<number, Said>} */
  let asked = new Map();
  // Of which room, and for which pins it was asked: what does not come is not asked for again.
  let asking = "";

  /** @param {RoomState} state */
  async function ask({ room: { slug } }, missing) {
    const wanted = `${slug} ${missing}`;
    if (asking === wanted) return;
    asking = wanted;
    try {
      const { pins } = await api.get(`/rooms/${slug}/pins`);
      if (asking !== wanted) return;
      asked = new Map(pins.map(({ message, author, text }) => [message.id, { author, text: excerpt(text) }]));
      update(room.state);
    } catch (error) {
      console.warn(error);
    }
  }

  /** @param {RoomState} state */
  function update(state) {
    const pins = Object.values(pinsOf(state)).sort((a, b) => b.seq - a.seq);
    show(element, pins.length > 0);
    const missing = pins.filter((pin) => saidOf(pin, state, asked) === null).map(({ message }) => message.id);
    if (missing.length && element.offsetParent) ask(state, missing);
    reconcile(one("ul", element), pins, {
      keyOf: ({ message }) => message.id,
      create: ({ message }) => {
        const item = copy("t-pin");
        item.firstElementChild.href = addressOf(state.room.slug, message.id);
        return item;
      },
      update: (item, pin) => draw(item, pin, saidOf(pin, state, asked)),
    });
  }

  // Nobody looks while the column is closed.
  new ResizeObserver(() => element.offsetParent && update(room.state)).observe(element);
  return { element, update };
}

/** @param {Element} item
 *  @param {Pin} pin
 *  @param {Said | null} said */
function draw(item, { user }, said) {
  setText(one(".name", item), said ? nameOf(said.author) : "");
  setText(one("[data-text]", item), said?.text ?? "…");
  setText(one("[data-by] bdi", item), nameOf(user));
}
