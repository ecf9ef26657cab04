// Tells the server how far somebody has read, not more often than need be.

const EVERY_MS = 700;

export class Reading {
  #timer = 0;

  /** `attended()` gives the room's state while somebody looks at its end, else something false. */
  constructor(connection, attended) {
    this.connection = connection;
    this.attended = attended;
    this.upTo = 0;
  }

  /** A room was entered that was read up to this seq. */
  begin(upTo) {
    this.upTo = upTo;
  }

  soon() {
    if (!this.#timer && this.#unsaid()) this.#timer = setTimeout(() => this.now(), EVERY_MS);
  }

  now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const state = this.#unsaid();
    if (!state) return;
    const { head, room } = state;
    const before = this.upTo;
    this.upTo = head;
    this.connection.command({ type: "read", room: room.slug, seq: head }).catch(() => {
      if (this.upTo === head) this.upTo = before;
    });
  }

  #unsaid() {
    const state = this.attended();
    return state && state.room.role && state.head > this.upTo ? state : null;
  }
}
