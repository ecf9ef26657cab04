// The conversation by keyboard: one stop of the Tab key, arrows from entry to entry, letters for what
// can be done with one.

const SIDES = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" };

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
