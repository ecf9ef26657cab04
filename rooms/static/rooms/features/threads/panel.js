// A thread, open in the right column: its messages, drawn like those of the stream, and a field of its
// own. What is written there is a message of the room like any other.

import * as api from "../../core/api.js";
import { changeOf } from "../../core/changed-messages.js";
import { now } from "../../core/clock.js";
import { entryAt } from "../../core/window.js";
import { MessageActions, actByKey } from "../../stream/actions.js";
import { Layout } from "../../stream/layout.js";
import { RowList } from "../../stream/row-list.js";
import { createRow, updateRow } from "../../stream/rows.js";
import { copy, one, setText, show } from "../../ui/dom.js";
import { roving } from "../../ui/roving.js";
import { wordsOf } from "../../ui/text.js";
import { ThreadComposer } from "./composer.js";
import { shownOf, threadOf } from "./store.js";

/** @import { Message, Room, RoomState } from "../../core/shapes.js" */

const PAGE_MESSAGES = 50;
// So near to its end one reads on as it comes.
const NEAR_PIXELS = 40;

export class ThreadPanel {
  covers = true;
  #room;
  #details;
  #layout = new Layout();
  #rows;
  #asked = 0;
  /** The thread whose end is being asked for.
   *  @type {number | undefined} */
  #asking = undefined;
  /** The root of the thread that is open, and in which room.
   *  @type {{ root: Message, slug: string, wasOpen: boolean } | null} */
  #open = null;
  // Whether the thread has anything that can be followed.
  #begun = false;
  #pending = 0;

  /** @param {Room} room
   *  @param {import("../../shell/details.js").Details} details */
  constructor(room, details) {
    this.#room = room;
    this.#details = details;
    this.element = copy("t-thread");
    this.body = one("[data-thread-body]", this.element);
    this.list = one("[data-thread-entries]", this.element);
    this.older = one("[data-thread-older]", this.element);
    this.following = one("[data-thread-follow]", this.element);
    this.error = one("[data-thread-error]", this.element);
    this.#rows = new RowList(this.list, { create: (row) => createRow(row, room), update: (element, row) => updateRow(element, row, room) });
    new MessageActions(this.list, room);
    roving(this.list, { act: (element, key) => actByKey(element, key, room) });
    this.composer = new ThreadComposer(one("form", this.element), room);
    one("[data-thread-close]", this.element).addEventListener("click", () => this.close());
    this.older.addEventListener("click", () => this.#ask(this.#firstReply));
    this.following.addEventListener("click", () => this.#follow());
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.close();
    });
  }

  /** Open the thread that a message began or is in.
   *  @param {Message} message */
  open(message) {
    const { state } = this.#room;
    const id = message.thread?.id ?? message.id;
    const held = message.thread && (entryAt(state, message.thread.seq)?.value ?? changeOf(state, id)?.message);
    const root = message.thread ? (held ?? { ...message, id, seq: message.thread.seq, thread: undefined }) : message;
    this.#open = { root, slug: this.#room.slug, wasOpen: this.#open?.wasOpen ?? this.#details.open };
    this.#begun = Boolean(message.thread ?? message.replies);
    this.#rows.clear();
    this.#complain(null);
    this.#room.receive([{ type: "local.thread", root: message.thread && !held ? null : root }]);
    this.#details.show();
    this.#details.cover(this.element);
    this.composer.enter(this.#room, id);
    this.composer.focus();
    if (this.#begun) this.#ask(null, id);
  }

  close() {
    if (!this.#open) return;
    const { root, wasOpen } = this.#open;
    const held = this.element.contains(document.activeElement);
    this.#forget();
    if (!wasOpen) this.#details.uncover();
    // Back to where it was opened.
    /** @type {HTMLElement | null} */
    const row = document.querySelector(`[data-entries] > [data-seq="${root.seq}"]`);
    if (held && row) row.focus({ preventScroll: true });
    else if (held) this.#room.focusComposer();
  }

  #forget() {
    this.#open = null;
    this.#asked += 1;
    this.#details.cover(null);
    this.#room.receive([{ type: "local.thread", root: null }]);
  }

  /** @param {RoomState} state */
  update(state) {
    if (!this.#open) return;
    if (state.room.slug !== this.#open.slug || state.withdrawn) return this.#forget();
    const { id } = this.#open.root;
    const open = threadOf(state);
    // After a gap, or in another history: it is asked for anew.
    if (!open || open.id !== id) return this.#ask(null, id);
    const [first] = state.beside;
    if (!first) return this.#forget();
    const near = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < NEAR_PIXELS;
    this.#begun ||= Boolean(first.value.replies);
    const shown = shownOf(state);
    this.#rows.draw(this.#layout.rows(shown, now()));
    const said = shown.pending.length > this.#pending;
    this.#pending = shown.pending.length;
    if (near || said) this.body.scrollTop = this.body.scrollHeight;
    show(this.older, open.older);
    show(this.following, this.#begun && state.room.role !== null);
    this.following.setAttribute("aria-pressed", String(open.follows));
    setText(this.following, open.follows ? "Following" : "Follow");
    this.composer.draw(state);
  }

  get #firstReply() {
    return this.#room.state.beside[1]?.seq ?? null;
  }

  /** @param {number | null} before
   *  @param {number} [id] */
  async #ask(before, id = this.#open?.root.id) {
    const slug = this.#room.slug;
    if (before === null && this.#asking === id) return;
    const own = ++this.#asked;
    this.#asking = before === null ? id : undefined;
    try {
      const page = await api.get(`/rooms/${slug}/messages/${id}/thread`, { limit: PAGE_MESSAGES, ...(before ? { before } : {}) });
      if (own !== this.#asked || this.#room.slug !== slug) return;
      const height = this.body.scrollHeight;
      const known = threadOf(this.#room.state)?.id === id;
      this.#room.receive([...(known ? [] : [{ type: "local.thread", root: page.root }]), { type: "local.thread-page", page }]);
      this.update(this.#room.state);
      this.body.scrollTop = before === null ? this.body.scrollHeight : this.body.scrollTop + this.body.scrollHeight - height;
    } catch (refused) {
      // Nobody has answered yet, or all of it was deleted meanwhile.
      if (own === this.#asked && !(refused instanceof api.Refused && refused.status === 404)) this.#complain(wordsOf(refused));
    } finally {
      if (own === this.#asked) this.#asking = undefined;
    }
  }

  async #follow() {
    const open = threadOf(this.#room.state);
    if (!open) return;
    const follows = !open.follows;
    try {
      await this.#room.command({ type: "follow", room: this.#room.slug, message: open.id, follow: follows }, { resend: true });
      this.#room.receive([{ type: "local.thread-followed", id: open.id, follows }]);
      this.#complain(null);
    } catch (refused) {
      this.#complain(wordsOf(refused));
    }
  }

  #clicked({ target }) {
    const { entry } = target.closest("[data-entry]")?.row ?? {};
    if (target.closest("[data-failure] [data-retry]")) this.#room.retry(entry.client_id);
    else if (target.closest("[data-failure] [data-delete]")) this.#room.discard(entry.client_id);
  }

  #complain(words) {
    setText(this.error, words ?? "");
    show(this.error, words !== null);
  }
}
