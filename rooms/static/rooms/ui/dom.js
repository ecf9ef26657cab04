// Small steps with the page's elements.

import { exactTime, timeOfDay } from "./dates.js";

/** A copy of what <template id> holds. */
export function copy(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

export const one = (selector, within = document) => within.querySelector(selector);

/** Write only what differs: a text that is written again loses its selection. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A <time> of the moment `at`. */
export function setTime(element, at) {
  if (element.dateTime === at) return;
  element.dateTime = at;
  element.title = exactTime(at);
  setText(element, timeOfDay(at));
}

export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

const ROOM_ICONS = { public: "hash", private: "lock", direct: "person" };

/** The name of the icon in front of a room's name. */
export const roomIcon = ({ visibility }) => ROOM_ICONS[visibility] ?? "hash";

export function setIcon(element, name) {
  const use = element.querySelector("use");
  const href = `#i-${name}`;
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/** Make `list` hold exactly one element an item, in order; elements that stay are not moved. */
export function reconcile(list, items, { keyOf, create, update }) {
  const known = (list.known ??= new Map());
  const wanted = new Set(items.map(keyOf));
  for (const [key, element] of known) {
    if (wanted.has(key)) continue;
    element.remove();
    known.delete(key);
  }
  let next = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = known.get(key);
    if (!element) {
      element = create(item);
      known.set(key, element);
    }
    update(element, item);
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
}
