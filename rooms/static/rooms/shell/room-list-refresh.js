// The person's list of rooms, asked for again when it may not be right any more: after the socket was
// away, as what became unread meanwhile was told to nobody, and when there is news of a room that is
// not on the list, as they were brought into it or made it elsewhere.

import * as api from "../core/api.js";

// After a reconnection: pages ask at different times, so that a server that has just started is not
// asked by all of them at once.
const SPREAD_MS = 8000;
// After an addition to a room: several people may have been added at once.
const SHORT_SPREAD_MS = 500;

export class OwnRooms {
  #receive;
  #opened = false;
  #timer = 0;
  #asking = false;

  constructor(receive) {
    this.#receive = receive;
  }

  /** To be called with each phase of the connection. */
  phase(phase) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (phase !== "open") return;
    if (this.#opened) this.#askWithin(SPREAD_MS);
    this.#opened = true;
  }

  /** To be called with what the socket tells, and the list as it is after it. */
  heard(events, rooms) {
    const strange = ({ type, room }) => type === "unread" && !rooms.some((known) => known.slug === room);
    // A list that is on its way may still have a room that was left.
    if (events.some((event) => strange(event) || (event.type === "left" && this.#asking))) this.#askWithin(SHORT_SPREAD_MS);
  }

  #askWithin(ms) {
    if (!this.#timer) this.#timer = setTimeout(() => this.#ask(), Math.random() * ms);
  }

  async #ask() {
    this.#timer = 0;
    this.#asking = true;
    try {
      const { rooms, invitations, inbox } = await api.fetchJson("/state/");
      this.#receive([{ type: "local.rooms", rooms, invitations }, { type: "inbox", open: inbox }]);
    } catch (error) {
      console.warn(error);
    } finally {
      this.#asking = false;
    }
  }
}
