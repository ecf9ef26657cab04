// Small steps with the page's elements.

import { exactTime, timeOfDay } from "./dates.js";

/** A copy of what <template id> holds.
 *  @param {string} id
 *  @returns {any} The element; of which kind it is, the template says. */
export function copy(id) {
  const { content } = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {Element} */ (content.firstElementChild).cloneNode(true);
}

/** Of which kind the element is, only the page says.
 *  @param {string} selector
 *  @param {ParentNode} within
 *  @returns {any} */
export const one = (selector, within = document) => within.querySelector(selector);

/** Write only what differs: a text that is written again loses its selection.
 *  @param {Element} element
 *  @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A <time> of the moment `at`.
 *  @param {HTMLTimeElement} element
 *  @param {string} at */
export function setTime(element, at) {
  if (element.dateTime === at) return;
  element.dateTime = at;
  element.title = exactTime(at);
  setText(element, timeOfDay(at));
}

/** @param {HTMLElement} element
 *  @param {boolean} shown */
export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

const ROOM_ICONS = { public: "hash", private: "lock", direct: "person" };

/** The name of the icon in front of a room's name. */
export const roomIcon = ({ visibility }) => ROOM_ICONS[visibility] ?? "hash";

/** @param {Element} element
 *  @param {string} name */
export function setIcon(element, name) {
  const use = /** @type {SVGUseElement} */ (element.querySelector("use"));
  const href = `#i-${name}`;
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
}

/** Make `list` hold exactly one element an item, in order; elements that stay are not moved.
 *  @template T
 *  @param {any} list
 *  @param {T[]} items
 *  @param {{ keyOf(item: T): any, create(item: T): any, update(element: any, item: T): void }} how */
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
