// How far somebody has read. The cursor goes over what was in sight from where it stood, without a
// gap: who opens a room at its end has not read what stands between. The server is told of it
// not more often than need be.

import { isNews } from "../../core/store.js";

/** @import { RoomRow, RoomState } from "../../core/shapes.js" */

const TELL_EVERY_MS = 700;

export class Reading {
  #timer = 0;
  #told = 0;
  /** @type {string | null} */
  #slug = null;
  // Of which history the positions are: the server refuses those of another.
  /** @type {string | undefined} */
  #epoch = undefined;
  // Whether the reader goes on from the cursor: its next message was in sight, and they have only
  // moved by themselves since.
  #follows = false;

  constructor(connection) {
    this.connection = connection;
    this.upTo = 0;
  }

  /** Whether nothing that is unread stands above what is in sight. */
  get follows() {
    return this.#follows;
  }

  /** A room was entered, or its history is another one: the state of its page.
   *  @param {{ room: RoomRow, head?: number, epoch?: string }} page */
  begin({ room, head, epoch }) {
    this.#slug = room.slug;
    this.#epoch = epoch;
    this.upTo = this.#told = room.unread ? (room.read_seq ?? 0) : (head ?? 0);
    this.#follows = false;
  }

  /** The reader was brought somewhere, or was away: they do not go on from the cursor. */
  jumped() {
    this.#follows = false;
  }

  /** What is in sight of somebody who looks; see `Scroll.seen`.
   *  @param {RoomState} state
   *  @param {{ first: number, last: number } | null} seen */
  look(state, seen) {
    const { entries, newer, head, user } = state;
    if (!state.room.role) return;
    this.#elsewhere(state);
    const last = entries.at(-1);
    const reached = last && (last.seq >= this.upTo || !newer);
    const complete = !state.older || (entries[0]?.seq ?? 0) <= this.upTo + 1;
    const next = reached && entries.find((entry) => entry.seq > this.upTo && isNews(entry, user));
    if (!next && !newer && (complete || head <= this.upTo)) {
      // Nothing of others is left; what follows is seen as it comes.
      this.#follows = true;
      this.upTo = Math.max(this.upTo, head);
    } else if (next && seen) {
      if (complete && seen.first <= next.seq && next.seq <= seen.last) this.#follows = true;
      if (!this.#follows) return;
      const end = newer && last ? last.seq : head;
      this.upTo = Math.max(this.upTo, Math.min(seen.last, end));
    }
  }

  /** The person says that they have read everything. */
  all(head) {
    this.#follows = true;
    this.upTo = Math.max(this.upTo, head);
    this.now();
  }

  /** Tell the server, within a moment. */
  soon() {
    if (!this.#timer && this.upTo > this.#told) this.#timer = setTimeout(() => this.now(), TELL_EVERY_MS);
  }

  now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const { upTo } = this;
    const [slug, before] = [this.#slug, this.#told];
    if (upTo <= before) return;
    this.#told = upTo;
    this.connection.command({ type: "read", room: slug, seq: upTo, epoch: this.#epoch }).catch(() => {
      if (this.#slug === slug && this.#told === upTo) this.#told = before;
    });
  }

  /** Another tab has read further.
   *  @param {RoomState} state */
  #elsewhere({ room }) {
    const seq = room.read_seq ?? 0;
    this.#told = Math.max(this.#told, seq);
    this.upTo = Math.max(this.upTo, seq);
  }
}
