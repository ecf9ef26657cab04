// Ctrl-K: go to a room by a few letters of its name.

import * as api from "../core/api.js";
import { composes } from "../ui/keys.js";
import { copy, one, setIcon, setText, show } from "../ui/dom.js";

const ICONS = { public: "hash", private: "lock", direct: "person" };
const MOST = 12;

/** Rooms for `words`, best first. Pure. Names that begin with them come before those that hold them. */
export function matching(rooms, words) {
  const wanted = words.trim().toLocaleLowerCase();
  const rank = ({ name, slug }) => {
    const lower = name.toLocaleLowerCase();
    if (lower.startsWith(wanted) || slug.startsWith(wanted)) return 0;
    if (lower.includes(` ${wanted}`)) return 1;
    return lower.includes(wanted) || slug.includes(wanted) ? 2 : 3;
  };
  return rooms
    .map((room) => ({ room, rank: rank(room) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || Number(b.room.role !== null) - Number(a.room.role !== null) || a.room.name.localeCompare(b.room.name))
    .slice(0, MOST)
    .map((found) => found.room);
}

export class Finder {
  #rooms = [];
  #chosen = 0;

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
    this.input.addEventListener("input", () => this.#draw());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  async show() {
    if (this.dialog.open) return;
    this.#rooms = this.own();
    this.input.value = "";
    this.dialog.showModal();
    this.#draw();
    try {
      const mine = new Set(this.#rooms.map((room) => room.slug));
      const { rooms } = await api.get("/rooms");
      this.#rooms = [...this.#rooms, ...rooms.filter((room) => !mine.has(room.slug))];
      this.#draw({ keep: true });
    } catch {
      // One's own rooms are there in any case.
    }
  }

  #draw({ keep = false } = {}) {
    const found = matching(this.#rooms, this.input.value);
    if (!keep) this.#chosen = 0;
    this.#chosen = Math.min(this.#chosen, Math.max(0, found.length - 1));
    this.list.replaceChildren(...found.map((room, index) => this.#option(room, index)));
    show(one("[data-empty]", this.dialog), found.length === 0);
    this.#mark();
  }

  #option(room, index) {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.id = `finder-${index}`;
    const link = copy("t-room-link");
    link.href = `/rooms/${room.slug}/`;
    link.dataset.room = room.slug;
    link.tabIndex = -1;
    setIcon(link, ICONS[room.visibility] ?? "hash");
    setText(one(".name", link), room.name);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#go(room.slug);
    });
    item.append(link);
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
      this.#go(one("a", this.list.children[this.#chosen]).dataset.room);
    } else return;
    event.preventDefault();
  }

  #go(slug) {
    this.dialog.close();
    this.open(slug);
  }
}
