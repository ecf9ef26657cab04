// The conversation by keyboard: one stop of the Tab key, arrows from entry to entry, letters for what
// can be done with one.

const SIDES = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" };

/** What `find(entry)` gives is reached by Tab from the entry that has the keyboard, and passed over in
 *  all others: a long conversation would be hundreds of stops.
 *  @param {HTMLElement} list
 *  @param {(entry: Element) => Iterable<Element>} find */
export function stopsWithin(list, find) {
  /** @type {Element | null} */
  let current = null;
  function reach(entry, tabIndex) {
    for (const stop of entry ? find(entry) : []) /** @type {HTMLElement} */ (stop).tabIndex = tabIndex;
  }
  list.addEventListener("focusin", ({ target }) => {
    const entry = /** @type {Element} */ (target).closest("[data-entry]");
    if (entry !== current) reach(current, -1);
    current = entry;
    reach(entry, 0);
  });
  // Who comes back comes to the entry.
  list.addEventListener("focusout", ({ relatedTarget }) => list.contains(/** @type {Node | null} */ (relatedTarget)) || reach(current, -1));
}

/** `act(element, key)` does what a letter stands for, and returns whether it does something. */
export function roving(list, { act }) {
  let current = null;
  const isStop = (element) => !element || element.dataset.seq !== undefined;
  /** The entry at or beyond `element`; `side` says which way. */
  function from(element, side) {
    while (!isStop(element)) element = element[side];
    return element;
  }

  function stopAt(element) {
    if (current) current.tabIndex = -1;
    current = element ?? null;
    if (current) current.tabIndex = 0;
  }

  // The last entry is where one comes in, until one has been somewhere else.
  new MutationObserver(() => {
    if (!current?.isConnected || !list.contains(document.activeElement)) stopAt(from(list.lastElementChild, SIDES.ArrowUp));
  }).observe(list, { childList: true });

  list.addEventListener("focusin", ({ target }) => stopAt(target.closest("[data-entry]")));
  // What an entry answers.
  stopsWithin(list, (entry) => entry.querySelectorAll("[data-reply-to]"));
  list.addEventListener("keydown", (event) => {
    const { target } = event;
    if (target.parentElement !== list || event.ctrlKey || event.metaKey || event.altKey) return;
    const side = SIDES[event.key];
    if (side) from(target[side], side)?.focus();
    else if (event.key === "Home") from(list.firstElementChild, SIDES.ArrowDown)?.focus();
    else if (event.key === "End") from(list.lastElementChild, SIDES.ArrowUp)?.focus();
    else if (event.shiftKey || !act(target, event.key)) return;
    event.preventDefault();
  });
}
