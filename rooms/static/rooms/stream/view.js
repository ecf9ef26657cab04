// The stream on the page: draws a room's state at most once a frame, and moves nothing that the
// reader looks at.

import { now } from "../core/clock.js";
import { copy, one, setText, show } from "../ui/dom.js";
import { unseenText } from "./layout.js";
import { startOf } from "./rows.js";
import { Scroll } from "./scroll.js";
import { MessageActions } from "./actions.js";
import { Folds } from "./folds.js";
import { Announcer } from "./announcer.js";
import { layout, rows, stage } from "./first.js";
import { UnreadBar } from "./unread-bar.js";
import { isolated } from "../ui/text.js";

const SKELETON_MS = 150;
// As long as the colour takes to go.
const FLASH_MS = 1600;

export class View {
  #room;
  #arrivedBefore = 0; // what had arrived when the reader was at the end last
  #skeletons = { top: false, bottom: false };
  #failed = { top: false, bottom: false };
  #folds = new Folds();

  constructor(room, page) {
    this.#room = stage.room = room;
    this.stream = one("[data-stream]", page);
    this.list = one("[data-entries]", page);
    this.edges = { top: one("[data-stream-top]", page), bottom: one("[data-stream-bottom]", page) };
    this.jump = one("[data-jump]", page);
    this.typing = one("[data-typing]", page);
    this.scroll = new Scroll(this.stream, this.list, () => this.#moved());
    this.announcer = new Announcer(one("[data-announcer]", page));
    this.bar = new UnreadBar(one("[data-unread-bar]", page), {
      jump: () => room.toFirstUnread(),
      read: () => room.markRead(),
    });
    new MessageActions(this.list, room);
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.jump.addEventListener("click", () => {
      room.toEnd();
      room.focusComposer();
    });
  }

  /** A room was entered: begin at the first unread message, or at the end. What the page has drawn
   *  of it by itself is gone on with. */
  begin(state) {
    const drawn = stage.slug === state.room.slug;
    stage.slug = null;
    this.#arrivedBefore = state.arrived;
    this.announcer.begin(state);
    if (drawn) return this.draw(state);
    rows.clear();
    this.#folds.forget();
    this.#failed = { top: false, bottom: false };
    this.goTo(state, null);
  }

  /** Another stretch of the room: with the entry of `seq` in sight, or, without one, where the news
   *  begin, or the end. */
  goTo(state, seq) {
    this.scroll.goesOn = state.newer;
    this.#drawRows(state);
    const element = seq === null ? one(":scope > .new-line", this.list) : this.#element(seq);
    if (element) this.scroll.to(element);
    else this.scroll.toEnd();
    this.#drawRest(state);
  }

  draw(state) {
    const active = document.activeElement;
    const inside = this.list.contains(active);
    /** @type {HTMLElement | null} */
    const reading = inside ? (active?.closest("[data-entry]") ?? null) : null;
    const beside = /** @type {HTMLElement | null} */ (reading?.nextElementSibling ?? reading?.previousElementSibling);
    this.scroll.keep(() => {
      this.scroll.goesOn = state.newer;
      this.#drawRows(state);
    });
    // A row that is dropped must not take the keyboard's place with it: that is where one reads.
    if (inside && !this.list.contains(document.activeElement)) {
      const next = [reading, beside].find((element) => element?.isConnected && element.dataset.seq);
      (next ?? this.scroll.firstSeen())?.focus({ preventScroll: true });
    }
    this.announcer.hear(state);
    this.#drawRest(state);
  }

  /** The index of the entry that the reader is at; null: at the end. */
  placeIn({ entries }) {
    if (this.scroll.pinned) return null;
    const seq = this.scroll.firstSeen()?.dataset.seq;
    const index = entries.findIndex((entry) => entry.seq >= Number(seq));
    return index < 0 ? null : index;
  }

  /** Where the reader is: what they see first, null for the room's end, and which row has the keyboard. */
  get place() {
    const seqOf = (element) => (element?.dataset.seq ? Number(element.dataset.seq) : null);
    const row = this.list.contains(document.activeElement) ? document.activeElement?.closest("[data-entry]") : null;
    return { seq: this.scroll.pinned ? null : seqOf(this.scroll.firstSeen()), row: seqOf(row) };
  }

  /** Give the keyboard to the row of an entry, if it is there. */
  focus(seq) {
    this.#element(seq)?.focus({ preventScroll: true });
  }

  /** Bring the entry of `seq` into sight and mark it for a moment. */
  reveal(seq) {
    const folded = [...this.list.querySelectorAll(":scope > .fold")].find(({ row }) => row.entries.some((entry) => entry.seq === seq));
    if (folded) this.#unfold(folded);
    const element = this.#element(seq);
    if (!element) return;
    this.scroll.to(element);
    this.#flash(element);
    element.focus({ preventScroll: true });
  }

  /** Where nothing may move the colour stands still, and is taken away. */
  #flash(element) {
    element.classList.remove("flash");
    requestAnimationFrame(() => {
      element.classList.add("flash");
      clearTimeout(element.flashing);
      element.flashing = setTimeout(() => element.classList.remove("flash"), FLASH_MS);
    });
  }

  /** Grey rows in place of what is being loaded at an `edge`, "top" or "bottom", unless it comes at
   *  once. Returns how to end it: with true, when it has failed. */
  loading(edge) {
    const timer = setTimeout(() => {
      this.#skeletons[edge] = true;
      this.scroll.keep(() => this.edges[edge].replaceChildren(...Array.from({ length: 3 }, () => copy("t-skeleton"))));
    }, SKELETON_MS);
    return (failed = false) => {
      clearTimeout(timer);
      this.#skeletons[edge] = false;
      this.#failed[edge] = failed;
    };
  }

  /** What stands at an edge where there is more: nothing, grey rows, or that it could not be had. */
  #drawEdge(edge) {
    const holder = this.edges[edge];
    if (this.#skeletons[edge]) return;
    if (!this.#failed[edge]) {
      if (holder.firstChild) holder.replaceChildren();
    } else if (!one(".edge-failed", holder)) {
      const note = copy("t-edge-failed");
      one("button", note).addEventListener("click", () => this.#room.loadMore(edge));
      holder.replaceChildren(note);
    }
  }

  /** What the line stands for, in its place. */
  #unfold(element) {
    const { entries } = element.row;
    this.#folds.open(element.row);
    this.scroll.hold(element.previousElementSibling, () => this.#drawRows(this.#room.state));
    this.#element(entries[0].seq)?.focus({ preventScroll: true });
  }

  #element(seq) {
    return one(`:scope > [data-seq="${seq}"]`, this.list);
  }

  #drawRows(state) {
    rows.draw(this.#folds.fold(layout.rows(state, now())));
    this.#failed.bottom &&= state.newer;
    this.#drawEdge("bottom");
    const { top } = this.edges;
    if (state.older) this.#drawEdge("top");
    else if (!this.#skeletons.top && one(".start", top)?.dataset.of !== state.room.slug) top.replaceChildren(startOf(state.room));
  }

  #drawRest(state) {
    this.#drawTyping(state.typing);
    this.#drawPlace(state);
  }

  #drawTyping(people) {
    const listed = people.slice(0, 3).map((person) => isolated(person.name));
    const words =
      people.length === 0 ? "" : people.length === 1 ? `${listed[0]} is typing…` : people.length <= 3
        ? `${listed.slice(0, -1).join(", ")} and ${listed.at(-1)} are typing…` : "Several people are typing…";
    setText(this.typing, words);
  }

  /** What depends on where the reader is: the pill that leads to the end, the bar above. */
  #drawPlace(state) {
    if (this.scroll.pinned) this.#arrivedBefore = state.arrived;
    const unseen = state.arrived - this.#arrivedBefore;
    const far = state.newer || this.scroll.below > 1.5 * this.stream.clientHeight;
    show(this.jump, !this.scroll.pinned && (unseen > 0 || far));
    this.jump.classList.toggle("news", unseen > 0);
    setText(one("[data-jump-text]", this.jump), unseenText(unseen));
    this.drawUnread(state);
  }

  drawUnread(state) {
    this.bar.draw(state, this.scroll.seen(), this.#room.follows);
  }

  #clicked(event) {
    const { target } = event;
    const element = target.closest("[data-entry]");
    const { entry } = element?.row ?? {};
    if (target.closest("[data-unfold]")) this.#unfold(element);
    else if (target.closest("[data-failure] [data-retry]")) this.#room.retry(entry.client_id);
    else if (target.closest("[data-failure] [data-delete]")) this.#room.discard(entry.client_id);
  }

  #moved() {
    this.#room.moved();
    this.#drawPlace(this.#room.state);
  }
}
