// From one room to another without leaving the page. While the server cannot be reached nobody is
// taken anywhere: the room that was asked for opens as soon as it can.

import * as api from "./api.js";

const SLOW_MS = 400;
const AGAIN_MS = 2500;
// No answer, or that of a proxy whose server is away.
const UNREACHABLE = new Set([0, 502, 503, 504]);

export class Passage {
  #wanted = null; // { slug, push }
  #attempt = 0; // the last one; what comes of those before is not looked at
  #timer = 0;

  /** `enter(state)` opens the room of a page's state; `leave(address)` loads a page instead, which
   *  says what is wrong better; `onWaiting(slug, words)` is told what the room on its way waits for,
   *  (null, null) when none does. */
  constructor({ enter, leave, onWaiting }) {
    this.enter = enter;
    this.leave = leave;
    this.onWaiting = onWaiting;
  }

  /** Without `push` the address is there already. */
  go(slug, { push = true } = {}) {
    this.stay();
    this.#wanted = { slug, push };
    this.#timer = setTimeout(() => this.onWaiting(slug, "Opening…"), SLOW_MS);
    return this.#try();
  }

  /** No other room is wanted any more. */
  stay() {
    this.#wanted = null;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.onWaiting(null, null);
  }

  /** The server is there again: a request from before may never be answered. */
  again() {
    if (this.#wanted) this.#try();
  }

  async #try() {
    const attempt = ++this.#attempt;
    const { slug, push } = this.#wanted;
    const address = `/rooms/${slug}/`;
    let state;
    try {
      state = await api.fetchJson(`${address}state/`);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (UNREACHABLE.has(error.status)) return this.#wait(slug);
      this.stay();
      return this.leave(address);
    }
    if (attempt !== this.#attempt) return;
    this.stay();
    if (push) history.pushState(null, "", address);
    await this.enter(state);
  }

  #wait(slug) {
    this.onWaiting(slug, "Opens when the connection is back");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.again(), AGAIN_MS);
  }
}
