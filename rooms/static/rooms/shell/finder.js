// Ctrl-K: go to a room by a few letters of its name. One's own rooms are there at once; all others
// are asked for as one types.

import * as api from "../core/api.js";
import { composes } from "../ui/keys.js";
import { copy, one, setIcon, setText, show } from "../ui/dom.js";
import { byName } from "../ui/text.js";

const ICONS = { public: "hash", private: "lock", direct: "person" };
const MOST = 12;
const QUIET_MS = 150;

/** Rooms for `words`, best first. Pure. Names that begin with them come before those that hold them. */
export function matching(rooms, words) {
  const wanted = words.trim().toLocaleLowerCase();
  const each = wanted.split(/\s+/);
  const rank = ({ name, slug }) => {
    const lower = name.toLocaleLowerCase();
    if (lower.startsWith(wanted) || slug.startsWith(wanted)) return 0;
    if (lower.includes(` ${wanted}`)) return 1;
    return each.every((word) => lower.includes(word) || slug.includes(word)) ? 2 : 3;
  };
  return rooms
    .map((room) => ({ room, rank: rank(room) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || Number(b.room.role !== null) - Number(a.room.role !== null) || byName(a.room.name, b.room.name))
    .slice(0, MOST)
    .map((found) => found.room);
}

export class Finder {
  #rooms = [];
  #chosen = 0;
  #timer = 0;
  // Counts what was asked: only the last answer counts.
  #asked = 0;
  #waiting = false;

  /** `own()` gives the person's rooms; `open(slug)` goes to one. */
  constructor({ own, open }) {
    this.own = own;
    this.open = open;
    this.dialog = one("[data-finder]");
    this.input = one("input", this.dialog);
    this.list = one("ul", this.dialog);
    for (const button of document.querySelectorAll("[data-find]")) button.addEventListener("click", () => this.show());
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        this.show();
      }
    });
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.#go(item.dataset.found, event.ctrlKey || event.metaKey);
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.#stopAsking());
  }

  show() {
    if (this.dialog.open) return;
    this.#rooms = this.own();
    this.input.value = "";
    this.dialog.showModal();
    this.#typed();
  }

  #typed() {
    this.#stopAsking();
    this.#waiting = true;
    const words = this.input.value.trim();
    this.#timer = setTimeout(() => this.#ask(words), words ? QUIET_MS : 0);
    this.#draw();
  }

  #stopAsking() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#waiting = false;
  }

  async #ask(words) {
    const asked = this.#asked;
    let found = [];
    try {
      found = (await api.get("/rooms", { q: words || null })).rooms;
    } catch {
      // One's own rooms are there in any case.
    }
    if (asked !== this.#asked) return;
    this.#waiting = false;
    const own = this.own();
    const mine = new Set(own.map((room) => room.slug));
    this.#rooms = [...own, ...found.filter((room) => !mine.has(room.slug))];
    this.#draw({ keep: true });
  }

  #draw({ keep = false } = {}) {
    const before = keep && this.list.children[this.#chosen]?.dataset.found;
    const found = matching(this.#rooms, this.input.value);
    this.list.replaceChildren(...found.map((room, index) => this.#option(room, index)));
    // What came meanwhile must not put another room under the hand.
    this.#chosen = Math.max(0, found.findIndex((room) => room.slug === before));
    show(one("[data-empty]", this.dialog), found.length === 0 && !this.#waiting);
    this.#mark();
  }

  #option(room, index) {
    const item = copy("t-found-room");
    item.id = `finder-${index}`;
    item.dataset.found = room.slug;
    setIcon(item, ICONS[room.visibility] ?? "hash");
    setText(one(".name", item), room.name);
    show(one("[data-joined]", item), room.role === null);
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
    const { length } = this.list.children;
    if (event.key in steps && length) {
      this.#chosen = (this.#chosen + steps[event.key] + length) % length;
      this.#mark();
    } else if (event.key === "Enter" && length && !composes(event)) {
      this.#go(this.list.children[this.#chosen].dataset.found, event.ctrlKey || event.metaKey);
    } else return;
    event.preventDefault();
  }

  #go(slug, elsewhere) {
    this.dialog.close();
    if (elsewhere) window.open(`/rooms/${slug}/`, "_blank", "noopener");
    else this.open(slug);
  }
}
