// The right column: the topic, what other apps add, and what parts of the room's own say. Beside the
// conversation where there is space, over it where there is not, and then closed at first.

import { panels } from "../core/extensions.js";
import { drawBody } from "../stream/body.js";
import { one, setText, show } from "../ui/dom.js";

const KEY = "parley:details";
// Narrower, three columns leave too little for talk.
const WIDE = matchMedia("(min-width: 1200px)");

export class Details {
  /** `parts` are classes, made with the room; each has update(state). */
  constructor(room, parts) {
    this.shell = one("[data-shell]");
    this.element = one("#details");
    this.toggle = one("[data-details-toggle]");
    const added = panels.map((panel) => panel(room, this));
    for (const { element, covers } of added) (covers ? this.element : one("[data-panels]")).append(element);
    this.parts = [...added, ...parts.map((Part) => new Part(room))];
    this.toggle.addEventListener("click", () => this.#open(!this.open));
    one("[data-details-close]").addEventListener("click", () => this.#open(false));
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && !WIDE.matches && this.#open(false));
    document.addEventListener("pointerdown", (event) => this.#pressed(event));
    WIDE.addEventListener("change", () => this.#set(WIDE.matches && kept()));
    this.#set(WIDE.matches && kept());
  }

  get open() {
    return this.shell.dataset.details === "open";
  }

  show() {
    if (!this.open) this.#set(true);
  }

  /** Somebody goes to something in the conversation: where the details lie over it, they go. */
  uncover() {
    if (this.open && !WIDE.matches) this.#set(false);
  }

  /** Show what covers the column, or, with null, the details again. */
  cover(element) {
    for (const child of this.element.children) show(child, element === null ? !child.hasAttribute("data-cover") : child === element);
  }

  draw(state) {
    for (const part of this.parts) part.update(state);
    setText(one("[data-about]"), state.room.topic || "No topic yet.");
    const { description = "", description_html } = state.room;
    const text = one("[data-description]");
    show(text, description !== "");
    drawBody(text, description_html ?? null, description);
  }

  /** Over the conversation it goes when one presses beside it. */
  #pressed({ target }) {
    if (!this.open || WIDE.matches || target.closest("#details, [data-details-toggle], dialog")) return;
    this.#set(false);
  }

  #open(open) {
    this.#set(open);
    if (WIDE.matches) {
      try {
        localStorage.setItem(KEY, open ? "open" : "closed");
      } catch {
        // It holds for this page then.
      }
    }
    if (open) one("[data-details-close]").focus();
    else this.toggle.focus();
  }

  #set(open) {
    this.shell.dataset.details = open ? "open" : "closed";
    this.toggle.setAttribute("aria-expanded", open);
  }
}

function kept() {
  try {
    return localStorage.getItem(KEY) !== "closed";
  } catch {
    return true;
  }
}
