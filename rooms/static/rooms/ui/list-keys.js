// A list of links or buttons as one stop of the Tab key: arrows, Home and End go within it.

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class ListKeys {
  /** @type {HTMLElement | null} */
  #stop = null;

  /** `preferred` is a selector of what one comes in at, unless one has been somewhere else. */
  constructor(element, { items = "a, button", preferred = "[aria-current]" } = {}) {
    this.element = element;
    this.items = items;
    this.preferred = preferred;
    element.addEventListener("focusin", ({ target }) => this.#stopAt(target.closest(items)));
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** To be called when what is in the list has changed. */
  refresh() {
    const all = this.#all();
    const stays = all.includes(document.activeElement) ? document.activeElement : null;
    for (const item of all) if (item !== this.#stop) item.tabIndex = -1;
    this.#stopAt(stays ?? all.find((item) => item.matches(this.preferred)) ?? all[0] ?? null);
  }

  #all() {
    return [...this.element.querySelectorAll(this.items)];
  }

  #stopAt(item) {
    if (this.#stop) this.#stop.tabIndex = -1;
    this.#stop = item;
    if (item) item.tabIndex = 0;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const all = this.#all();
    const index = all.indexOf(event.target.closest(this.items));
    if (index < 0) return;
    const to = event.key in STEPS ? index + STEPS[event.key] : event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : null;
    if (to === null) return;
    event.preventDefault();
    all[Math.min(Math.max(to, 0), all.length - 1)].focus();
  }
}
