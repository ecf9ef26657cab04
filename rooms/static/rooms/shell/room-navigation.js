// From one room to another without leaving the page. While the server cannot be reached nobody is
// taken anywhere: the room that was asked for opens as soon as it can.

import { addressOf } from "../core/addresses.js";
import * as api from "../core/api.js";

const SKELETON_AFTER_MS = 400;
const RETRY_MS = 2500;
// No answer, or that of a proxy whose server is away.
const UNREACHABLE = new Set([0, 502, 503, 504]);

export class Passage {
  /** @type {{ slug: string, push: boolean, message: number | null } | null} */
  #wanted = null;
  #unreachable = false; // the last attempt said so
  #attempt = 0; // the last one; what comes of those before is not looked at
  #timer = 0;

  /** `enter(state)` opens the room of a page's state; `leave(address)` loads a page instead, which
   *  says what is wrong better; `onWaiting(slug, words)` is told what the room on its way waits for,
   *  (null, null) when none does; `onLeaving(whether)` before another room comes, and when it does
   *  not come for now. */
  constructor({ enter, leave, onWaiting, onLeaving }) {
    this.enter = enter;
    this.leave = leave;
    this.onWaiting = onWaiting;
    this.onLeaving = onLeaving;
  }

  /** `message` is the id of one that is to be shown. Without `push` the address is there already.
   *  @param {string} slug
   *  @param {{ push?: boolean, message?: number | null }} [options] */
  go(slug, { push = true, message = null } = {}) {
    this.#end();
    const wanted = (this.#wanted = { slug, push, message });
    this.onLeaving(true);
    this.#timer = setTimeout(() => this.onWaiting(slug, "Opening…"), SKELETON_AFTER_MS);
    return this.#try(wanted);
  }

  /** No other room is wanted any more. */
  stay() {
    this.#end();
    this.onLeaving(false);
  }

  /** Somebody goes on where they are: they do not wait for a room that cannot be reached. */
  settle() {
    if (this.#unreachable) this.stay();
  }

  /** The server is there again: a request from before may never be answered. */
  again() {
    if (this.#wanted) this.#try(this.#wanted);
  }

  /** @param {{ slug: string, push: boolean, message: number | null }} wanted */
  async #try({ slug, push, message }) {
    const attempt = ++this.#attempt;
    const address = addressOf(slug, message);
    let state;
    try {
      state = await api.fetchJson(`${addressOf(slug)}state/${message === null ? "" : `?message=${message}`}`);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error instanceof api.Refused && UNREACHABLE.has(error.status)) return this.#wait(slug);
      this.stay();
      return this.leave(address);
    }
    if (attempt !== this.#attempt) return;
    this.#end();
    if (push) history.pushState(null, "", address);
    await this.enter(state);
  }

  #end() {
    this.#wanted = null;
    this.#unreachable = false;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.onWaiting(null, null);
  }

  #wait(slug) {
    this.#unreachable = true;
    this.onLeaving(false);
    this.onWaiting(slug, "Opens once connected");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.again(), RETRY_MS);
  }
}
