// Which stretch of a room stands on the page: more of it as the reader comes near an edge, the one
// around some entry, the end. `room.js` makes one for its view.

import { Refused } from "../core/api.js";
import { atEnd, bounded, elsewhere, lastEntry, MOST_ENTRIES, withNewer, withOlder } from "../core/window.js";
import { around, messageOf, newerThan, olderThan } from "./stretches.js";

const REVEAL_PAGES = 20;
const NEAR_EDGE_PX = 600;
// A server in trouble is not asked again by every turn of the wheel.
const PAUSE_MS = 10_000;

export class Places {
  /** @type {Promise<boolean> | null} */
  #loading = null;
  #visit = 0; // another one each time that a room is entered
  #jump = 0; // another one each time that the reader is to be brought somewhere
  #failedAt = { top: -Infinity, bottom: -Infinity };

  /** `jumped()` is called when the reader is brought somewhere. */
  constructor(room, view, { jumped }) {
    this.room = room;
    this.view = view;
    this.jumped = jumped;
  }

  /** Another room is opened: what is on its way is not waited for. */
  leave() {
    this.#loading = null;
    this.#visit += 1;
    this.#failedAt = { top: -Infinity, bottom: -Infinity };
  }

  loadOlder() {
    return this.room.state.older ? this.#load("top", olderThan, withOlder) : Promise.resolve(false);
  }

  loadNewer() {
    if (!this.room.state.newer) return Promise.resolve(false);
    // What is held may reach the room's end already.
    const met = withNewer(this.room.state, { entries: [], reach: 0 });
    if (met.newer) return this.#load("bottom", newerThan, withNewer);
    this.show(met);
    return Promise.resolve(true);
  }

  #load(edge, ask, take) {
    if (this.#loading) return this.#loading;
    const loading = this.#loadFrom(edge, ask, take).finally(() => {
      if (this.#loading === loading) this.#loading = null;
    });
    return (this.#loading = loading);
  }

  /** Whether something came. */
  async #loadFrom(edge, ask, take) {
    const visit = this.#visit;
    const done = this.view.loading(edge);
    const { entries: asked } = this.room.state;
    const outermost = (entries) => entries.at(edge === "top" ? 0 : -1)?.seq;
    let state = null;
    let failed = false;
    try {
      const found = await ask(this.room.state);
      // The reader may have gone elsewhere meanwhile.
      if (this.#visit === visit && outermost(this.room.state.entries) === outermost(asked)) state = take(this.room.state, found);
    } catch (error) {
      // What the server or the network refuses is said on the page.
      if (!(error instanceof Refused)) console.warn(error);
      failed = true;
    }
    done(failed);
    if (this.#visit !== visit) return false;
    this.#failedAt[edge] = failed ? performance.now() : -Infinity;
    this.show(state ?? this.room.state);
    return state !== null;
  }

  /** This state, with no more of the room than the page keeps. */
  show(state) {
    this.room.state = bounded(state, this.view.placeIn(state));
    this.view.draw(this.room.state);
  }

  loadWhatIsNear() {
    if (this.#loading) return;
    const { above, below } = this.view.scroll;
    const { older, newer } = this.room.state;
    const near = (edge, distance) => distance < NEAR_EDGE_PX && performance.now() - this.#failedAt[edge] > PAUSE_MS;
    const came = older && near("top", above) ? this.loadOlder() : newer && near("bottom", below) ? this.loadNewer() : null;
    came?.then((more) => more && this.loadWhatIsNear());
  }

  /** Bring the card with this id into sight, from far up if need be; at once with its `seq`. */
  async reveal(id, seq = null) {
    const isIt = ({ kind, value }) => kind !== "message" && value.id === id;
    for (let pages = 0; pages < REVEAL_PAGES; pages += 1) {
      const found = lastEntry(this.room.state, isIt)?.seq ?? seq;
      if (found !== null) return this.revealSeq(found);
      if (!(await this.loadOlder())) return;
    }
  }

  /** Bring the entry of `seq` into sight, wherever it is. */
  async revealSeq(seq) {
    if (await this.#goTo(seq)) this.view.reveal(seq);
  }

  /** Bring a message into sight by its id. Resolves with whether it is there: of one that was deleted
   *  a mark may be, and is shown. Fails as the server does. */
  async revealMessage(id) {
    const visit = this.#visit;
    const jump = ++this.#jump;
    const held = lastEntry(this.room.state, ({ kind, value }) => kind === "message" && value.id === id);
    let found = held?.value;
    try {
      found ??= await messageOf(this.room.state, id);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
    }
    if (this.#visit !== visit || this.#jump !== jump) return true;
    if (found) await this.revealSeq(found.seq);
    return Boolean(found && !found.deleted);
  }

  /** The room is entered at this message of its page; whether it is there. */
  enterAt({ seq, deleted }) {
    this.jumped();
    if (seq !== null) this.view.reveal(seq);
    return seq !== null && !deleted;
  }

  /** Back to where the reader was, as the view has said. */
  async returnTo({ seq, row }) {
    if (seq === null) this.toEnd();
    else if (await this.#goTo(seq)) this.view.goTo(this.room.state, seq);
    else return;
    this.view.focus(row);
  }

  /** To where the news begin. */
  async toFirstUnread() {
    const { newAfter } = this.room.state;
    if (newAfter === null || !(await this.#goTo(newAfter))) return;
    this.view.goTo(this.room.state, null);
    this.room.moved();
  }

  /** Have the stretch around `seq`; whether it is there. */
  async #goTo(seq) {
    const visit = this.#visit;
    const jump = ++this.#jump;
    const current = () => this.#visit === visit && this.#jump === jump;
    this.jumped();
    const { entries, older, newer } = this.room.state;
    const above = older && !(entries[0]?.seq <= seq);
    const below = newer && !(entries.at(-1)?.seq > seq);
    if (!above && !below) return true;
    try {
      const found = await around(this.room.state, seq);
      if (!current()) return false;
      this.room.state = elsewhere(this.room.state, found);
      this.view.goTo(this.room.state, found.entries.some((entry) => entry.seq === seq) ? seq : null);
      return true;
    } catch (error) {
      // What the server or the network refuses is said on the page.
      if (!(error instanceof Refused)) console.warn(error);
      else if (current()) this.room.complain(error.message);
      return false;
    }
  }

  /** More was missed than the socket brings back: what stands here may have changed, and what has
   *  come below it is fetched as far as the page keeps it. */
  async refresh() {
    const visit = this.#visit;
    const seq = this.view.scroll.firstSeen()?.dataset.seq;
    try {
      const found = seq === undefined ? null : await around(this.room.state, Number(seq));
      if (found && this.#visit === visit) this.show(elsewhere(this.room.state, found));
    } catch (error) {
      console.warn(error);
    }
    const more = () => this.#visit === visit && this.room.state.newer && this.room.state.entries.length < MOST_ENTRIES;
    while (more() && (await this.loadNewer()));
  }

  /** To the end of the room, which is at hand wherever the reader is. */
  toEnd() {
    this.#jump += 1;
    if (this.room.state.newer) {
      this.room.state = atEnd(this.room.state);
      this.view.draw(this.room.state);
    }
    this.view.scroll.toEnd();
  }
}
