// The conversation by keyboard: one stop of the Tab key, arrows from entry to entry, R to reply.

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export function roving(list, { reply }) {
  let current = null;
  const entries = () => [...list.children].filter((element) => element.dataset.seq !== undefined);

  function stopAt(element) {
    if (current) current.tabIndex = -1;
    current = element ?? null;
    if (current) current.tabIndex = 0;
  }

  // The last entry is where one comes in, until one has been somewhere else.
  new MutationObserver(() => {
    if (!current?.isConnected || !list.contains(document.activeElement)) stopAt(entries().at(-1));
  }).observe(list, { childList: true });

  list.addEventListener("focusin", ({ target }) => stopAt(target.closest("[data-entry]")));
  list.addEventListener("keydown", (event) => {
    const { target } = event;
    if (target.parentElement !== list || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = entries();
    const index = all.indexOf(target);
    if (event.key in STEPS) all[index + STEPS[event.key]]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key.toLowerCase() === "r") reply(target);
    else return;
    event.preventDefault();
  });
}
