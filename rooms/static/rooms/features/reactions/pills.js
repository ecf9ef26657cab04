// The reactions below a message, each a button that is pressed while it is one's own.

import { copy, one, reconcile, setText } from "../../ui/dom.js";
import { count as figure, isolated } from "../../ui/text.js";
import { askOwn, isOwn } from "./own.js";
import { choose, toggle } from "./reacting.js";

/** @import { Message, MessagePart, Person, Room } from "../../core/shapes.js" */
/** @import { Reaction } from "./store.js" */

const LISTED_NAMES = 12;
/** What each element was last told to show: what was asked comes later.
 *  @type {WeakMap<HTMLElement, { reactions: Reaction[], message: Message }>} */
const told = new WeakMap();

/** @type {MessagePart} */
export const pills = {
  name: "reactions",
  of: ({ reactions }) => (reactions?.length ? reactions : null),
  create: () => copy("t-reactions"),

  update(element, reactions, message, room) {
    told.set(element, { reactions, message });
    drawAll(element, room);
    askOwn(message, reactions, room, () => drawAll(element, room));
  },
};

/** @param {HTMLElement} element
 *  @param {Room} room */
function drawAll(element, room) {
  const known = told.get(element);
  if (!known) return;
  const { reactions, message } = known;
  const entry = /** @type {HTMLElement | null} */ (element.closest("[data-entry]"));
  const focused = element.contains(document.activeElement);
  reconcile(one("[data-pills]", element), reactions, {
    keyOf: ({ emoji }) => emoji,
    create: ({ emoji }) => {
      const button = copy("t-reaction");
      setText(one(".reaction-emoji", button), emoji);
      return button;
    },
    update: (button, reaction) => {
      const own = isOwn(message, reaction, room.state.user);
      button.setAttribute("aria-pressed", String(own));
      button.title = whoReacted(reaction, room.state.user, own);
      button.setAttribute("aria-label", `${reaction.emoji} ${button.title}`);
      setText(one("[data-count]", button), figure(reaction.count));
      button.onclick = () => toggle(room, message, reaction.emoji, button.getAttribute("aria-pressed") !== "true");
    },
  });
  one("[data-reaction-add]", element).onclick = () => choose(room, message);
  // The button that had the keyboard may be gone: then the message has it.
  if (focused && !element.contains(document.activeElement)) entry?.focus({ preventScroll: true });
  for (const button of pillsOf(element)) button.tabIndex = entry?.contains(document.activeElement) ? 0 : -1;
}

/** @param {Element} within
 *  @returns {NodeListOf<HTMLElement>} */
export const pillsOf = (within) => within.querySelectorAll("button.reaction");

/** "Ana, Ben and 3 others". Pure.
 *  @param {Reaction} reaction
 *  @param {Person} user
 *  @param {boolean} own */
export function whoReacted({ count, users }, user, own) {
  const others = users.filter(({ id }) => id !== user.id).slice(0, LISTED_NAMES - Number(own));
  const listed = [...(own ? ["You"] : []), ...others.map(({ name }) => isolated(name))];
  const more = count - listed.length;
  if (more > 0) listed.push(more === 1 ? "1 other" : `${figure(more)} others`);
  return listed.length > 1 ? `${listed.slice(0, -1).join(", ")} and ${listed.at(-1)}` : (listed[0] ?? "");
}
