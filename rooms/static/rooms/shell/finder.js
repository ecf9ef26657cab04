// Ctrl-K: go to a room, or to what other sources find, by a few letters of its name. What is known is
// there at once; the rest is asked for as one types.

import { addShortcut } from "../core/extensions.js";
import { copy, one, setIcon, setText, show } from "../ui/dom.js";
import { composes } from "../ui/keys.js";

const TYPING_PAUSE_MS = 150;

export class Finder {
  #sources;
  #found = [];
  #chosen = 0;
  #timer = 0;
  // Counts what was asked: only the last answer counts.
  #asked = 0;
  #waiting = false;
  // Whether somebody has chosen by an arrow, and not only seen what stood first.
  #moved = false;

  /** `sources` as in `core/extensions.js`, the first one's finds above the others'. */
  constructor(sources) {
    this.#sources = sources;
    this.dialog = one("[data-finder]");
    this.input = one("input", this.dialog);
    this.list = one("ul", this.dialog);
    for (const button of document.querySelectorAll("[data-find]")) button.addEventListener("click", () => this.show());
    addShortcut({ keys: "Ctrl K", words: "Find a room", group: "Everywhere", run: () => this.show() });
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.#go([...this.list.children].indexOf(item), event.ctrlKey || event.metaKey);
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    // That it was closed is told a moment later, when it may be open again.
    this.dialog.addEventListener("close", () => !this.dialog.open && this.#stopAsking());
  }

  show() {
    if (this.dialog.open) return;
    this.input.value = "";
    this.dialog.showModal();
    this.#typed();
  }

  #typed() {
    this.#stopAsking();
    this.#waiting = true;
    this.#moved = false;
    const words = this.input.value.trim();
    this.#timer = setTimeout(() => this.#ask(words), words ? TYPING_PAUSE_MS : 0);
    this.#draw();
  }

  #stopAsking() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#waiting = false;
  }

  async #ask(words) {
    const asked = this.#asked;
    // What is known is there in any case.
    await Promise.allSettled(this.#sources.map((source) => source.ask?.(words)));
    if (asked !== this.#asked) return;
    this.#waiting = false;
    this.#draw({ keep: true });
  }

  #draw({ keep = false } = {}) {
    const chosen = this.#found[this.#chosen];
    // An offer stands first for as long as nothing is found.
    const before = keep && (this.#moved || !chosen?.offer) && chosen?.key;
    const words = this.input.value;
    this.#found = this.#sources.flatMap((source) => source.find(words));
    this.list.replaceChildren(...this.#found.map((found, index) => this.#option(found, index)));
    // What came meanwhile must not put another one under the hand.
    this.#chosen = Math.max(0, this.#found.findIndex(({ key }) => key === before));
    show(one("[data-empty]", this.dialog), this.#found.every(({ offer }) => offer) && !this.#waiting);
    this.#mark();
  }

  #option({ key, icon, text, note }, index) {
    const item = copy("t-found");
    item.id = `finder-${index}`;
    item.dataset.found = key;
    setIcon(item, icon);
    setText(one(".name", item), text);
    setText(one("[data-note]", item), note);
    return item;
  }

  #mark() {
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", index === this.#chosen));
    const chosen = this.list.children[this.#chosen];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const { length } = this.#found;
    if (event.key in steps && length && !event.altKey) {
      this.#chosen = (this.#chosen + steps[event.key] + length) % length;
      this.#moved = true;
      this.#mark();
    } else if (event.key === "Enter" && length && !composes(event)) {
      this.#go(this.#chosen, event.ctrlKey || event.metaKey);
    } else return;
    event.preventDefault();
  }

  #go(index, elsewhere) {
    const { address, open } = this.#found[index];
    this.dialog.close();
    if (elsewhere && address) window.open(address, "_blank", "noopener");
    else open();
  }
}
