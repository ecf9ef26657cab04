// The stream on the page: draws a room's state at most once a frame, and moves nothing that the
// reader looks at.

import { now } from "../core/clock.js";
import { copy, one, reconcile, setText, show } from "../ui/dom.js";
import { rowsOf, sameRow, unseenAfter, unseenText } from "./layout.js";
import { createRow, startOf, updateRow } from "./rows.js";
import { Scroll } from "./scroll.js";
import { isolated } from "../ui/text.js";

const SKELETON_MS = 150;

export class View {
  #room;
  #seenUpTo = 0;
  #skeleton = null;

  constructor(room, page) {
    this.#room = room;
    this.stream = one("[data-stream]", page);
    this.list = one("[data-entries]", page);
    this.top = one("[data-stream-top]", page);
    this.jump = one("[data-jump]", page);
    this.typing = one("[data-typing]", page);
    this.scroll = new Scroll(this.stream, this.list, () => this.#moved());
    this.jump.addEventListener("click", () => {
      this.scroll.toEnd();
      this.#room.focusComposer();
    });
  }

  /** A room was entered: begin at the first unread message, or at the end. */
  begin(state) {
    this.list.replaceChildren();
    this.list.known = new Map();
    this.#seenUpTo = state.head;
    this.list.setAttribute("aria-busy", "true");
    this.#drawRows(state);
    this.list.removeAttribute("aria-busy");
    this.#drawTop(state);
    this.#drawRest(state);
    const line = one(".new-line", this.list);
    if (line) this.scroll.to(line);
    else this.scroll.toEnd();
  }

  draw(state) {
    this.scroll.keep(() => {
      this.#drawRows(state);
      this.#drawTop(state);
    });
    this.#drawRest(state);
  }

  /** Rows that come from the past are not read out. */
  drawQuietly(state) {
    this.list.setAttribute("aria-busy", "true");
    this.draw(state);
    requestAnimationFrame(() => this.list.removeAttribute("aria-busy"));
  }

  /** Bring an element into sight and mark it for a moment. */
  reveal(element) {
    this.scroll.to(element);
    element.classList.remove("flash");
    requestAnimationFrame(() => element.classList.add("flash"));
    element.focus({ preventScroll: true });
  }

  /** Grey rows in place of what is being loaded, unless it comes at once. Returns how to end it. */
  loading() {
    const timer = setTimeout(() => {
      this.#skeleton = Array.from({ length: 3 }, () => copy("t-skeleton"));
      this.scroll.keep(() => this.top.replaceChildren(...this.#skeleton));
    }, SKELETON_MS);
    return () => {
      clearTimeout(timer);
      this.#skeleton = null;
    };
  }

  #drawRows(state) {
    reconcile(this.list, rowsOf(state, now()), {
      keyOf: (row) => row.key,
      create: (row) => createRow(row, this.#room),
      update: (element, row) => {
        if (element.row && sameRow(element.row, row)) return;
        updateRow(element, row, this.#room);
        element.row = row;
      },
    });
  }

  #drawTop(state) {
    if (this.#skeleton) return;
    if (state.older) this.top.replaceChildren();
    else if (one(".start", this.top)?.dataset.of !== state.room.slug) this.top.replaceChildren(startOf(state.room));
  }

  #drawRest(state) {
    this.#drawTyping(state.typing);
    this.#drawJump(state);
  }

  #drawTyping(people) {
    const listed = people.slice(0, 3).map((person) => isolated(person.name));
    const words =
      people.length === 0 ? "" : people.length === 1 ? `${listed[0]} is typing…` : people.length <= 3
        ? `${listed.slice(0, -1).join(", ")} and ${listed.at(-1)} are typing…` : "Several people are typing…";
    setText(this.typing, words);
  }

  #drawJump(state) {
    if (this.scroll.pinned) this.#seenUpTo = state.head;
    const unseen = unseenAfter(state, this.#seenUpTo);
    const far = this.stream.scrollHeight - this.stream.scrollTop > 2.5 * this.stream.clientHeight;
    show(this.jump, !this.scroll.pinned && (unseen > 0 || far));
    this.jump.classList.toggle("news", unseen > 0);
    setText(one("[data-jump-text]", this.jump), unseenText(unseen));
  }

  #moved() {
    this.#drawJump(this.#room.state);
    this.#room.moved();
  }
}
