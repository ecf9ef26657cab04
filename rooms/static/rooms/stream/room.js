// One room on the page: its state, what is sent into it, when it counts as read.
// `main.js` makes one, gives it the socket's events and changes its room.

import * as api from "../core/api.js";
import * as clock from "../core/clock.js";
import { untilTaken } from "../core/delivery.js";
import { reducers } from "../core/extensions.js";
import { cardsOfPage, olderThan } from "./older-entries.js";
import { Reading } from "../features/reading/read-marker.js";
import { afterGap, apply, fromPage, trimmed, withHistory } from "../core/store.js";
import { uuid } from "../core/uuid.js";

const FIRST_PAINT_MS = 300;
const REVEAL_PAGES = 20;
const NEAR_TOP_PX = 600;

export class Room {
  #connection;
  #outbox;
  #view = null;
  #composer = null;
  #listeners = [];
  #frame = 0;
  #reading;
  #loading = null;
  // Whether the view has begun with this room; until then it shows the one before, or none.
  #begun = false;

  constructor({ connection, outbox }) {
    this.#connection = connection;
    this.#outbox = outbox;
    this.#reading = new Reading(connection, () => this.attending && this.state);
    this.state = null;
  }

  /** `view` draws the stream; `listeners` are called with the state after each change. */
  show(view, composer, listeners) {
    this.#view = view;
    this.#composer = composer;
    this.#listeners = listeners;
  }

  /** Begin to write a reply to a message. */
  answer(message) {
    this.#composer.reply(message);
  }

  get slug() {
    return this.state.room.slug;
  }

  /** Open the room of a page's state. Cards of other apps get a moment to be there at once. */
  async enter(page) {
    if (this.state) {
      this.#reading.now();
      this.#connection.unfollow(this.slug);
    }
    clock.set(page.now);
    this.#begun = false;
    this.state = fromPage(page);
    this.#reading.begin(page.room.read_seq ?? 0);
    this.#loading = null;
    for (const item of this.#outbox.list(this.slug)) this.#apply([{ type: "local.pending", item }]);
    const entered = this.state.room;
    const cards = cardsOfPage(this.state).then((entries) => {
      if (this.state.room.slug === entered.slug) this.#apply([], (state) => withHistory(state, { entries, older: state.older }));
    });
    await Promise.race([cards, new Promise((resolve) => setTimeout(resolve, FIRST_PAINT_MS))]);
    if (this.state.room.slug !== entered.slug) return;
    this.#view.begin(this.state);
    this.#begun = true;
    this.#changed();
    cards.then(() => this.#draw());
    this.#follow();
    for (const item of this.state.pending) if (!item.failure) this.#deliver(this.slug, item);
    this.moved();
  }

  /** Events of the socket, of any room. */
  receive(events) {
    this.#apply(events);
    if (this.state.withdrawn) this.#connection.unfollow(this.slug);
    this.#draw();
  }

  // Sending ---------------------------------------------------------------------------------------

  /** `replyTo` is the id of a message, or null. */
  send(body, replyTo = null) {
    const item = { client_id: uuid(), body, at: new Date(clock.now()).toISOString(), reply_to: replyTo };
    this.#outbox.put(this.slug, item);
    this.#apply([{ type: "local.pending", item }]);
    this.#view.scroll.toEnd();
    this.#draw();
    return this.#deliver(this.slug, item);
  }

  retry(clientId) {
    const { failure: _, ...item } = this.state.pending.find((other) => other.client_id === clientId);
    this.#outbox.put(this.slug, item);
    this.receive([{ type: "local.pending", item }]);
    this.#deliver(this.slug, item);
  }

  discard(clientId) {
    this.#outbox.remove(this.slug, clientId);
    this.receive([{ type: "local.dropped", client_id: clientId }]);
    this.focusComposer();
  }

  typing() {
    this.#connection.notify({ type: "typing", room: this.slug });
  }

  /** A command of another app about this room; resolves with the answer, fails with words. */
  command(command, options) {
    return this.#connection.command(command, options);
  }

  /** Resolves with null, or with the words of the refusal of a slash command, which belongs back
   *  into the composer: it was meant for the server, not for the room. */
  async #deliver(slug, item) {
    const { client_id, body, reply_to } = item;
    try {
      const answer = await untilTaken(this.#connection, { type: "send", room: slug, body, client_id, reply_to });
      this.#outbox.remove(slug, client_id);
      if (this.slug !== slug) return null;
      if (answer.type === "sent") this.receive([{ type: "local.sent", message: answer.message }]);
      else this.receive([{ type: "local.dropped", client_id }, { ...answer, id: undefined, room: slug }]);
      return null;
    } catch (error) {
      const command = body.startsWith("/") && !body.startsWith("//");
      if (command && this.slug === slug) {
        this.#outbox.remove(slug, client_id);
        this.receive([{ type: "local.dropped", client_id }]);
        return error.message;
      }
      const failed = { ...item, failure: error.message || true };
      this.#outbox.put(slug, failed);
      if (this.slug === slug) this.receive([{ type: "local.pending", item: failed }]);
      return null;
    }
  }

  // Following -------------------------------------------------------------------------------------

  #follow() {
    const { slug } = this;
    this.#connection.follow(slug, {
      after: () => this.state.head,
      onSubscribed: (answer) => this.#subscribed(slug, answer),
      onRefused: () => location.assign("/rooms/"),
    });
  }

  async #subscribed(slug, { seq, recovered, members, present }) {
    this.receive([{ type: "local.present", members, present }]);
    if (recovered !== false) return;
    // More was missed than the log brings back: live goes on from the head, the rest is a page.
    this.state = { ...this.state, head: Math.max(seq, this.state.head) };
    const page = await this.#page(slug);
    if (!page || this.slug !== slug) return;
    this.state = afterGap(this.state, page);
    this.#draw();
    const entries = await cardsOfPage(this.state);
    this.#apply([], (state) => withHistory(state, { entries, older: state.older }));
    this.#draw();
  }

  /** The state of a room, asked for until it comes. */
  async #page(slug) {
    for (;;) {
      try {
        return await api.fetchJson(`/rooms/${slug}/state/`);
      } catch (error) {
        if (error.status >= 400 && error.status < 500) return null;
        await new Promise((resolve) => setTimeout(resolve, 1000 + Math.random() * 2000));
      }
    }
  }

  // History ---------------------------------------------------------------------------------------

  loadOlder() {
    if (!this.state.older) return Promise.resolve(false);
    this.#loading ??= this.#loadOlder(this.slug).finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #loadOlder(slug) {
    const done = this.#view.loading();
    try {
      const history = await olderThan(this.state);
      if (this.slug !== slug) return false;
      this.state = withHistory(this.state, history);
      return true;
    } catch (error) {
      console.warn(error);
      return false;
    } finally {
      done();
      if (this.slug === slug && this.#begun) this.#view.drawQuietly(this.state);
    }
  }

  #loadWhatIsNear() {
    if (!this.#begun || this.#loading || this.#view.scroll.above >= NEAR_TOP_PX) return;
    this.loadOlder().then((came) => came && this.#loadWhatIsNear());
  }

  /** Bring the card with this id into sight, from far up if need be. */
  async reveal(id) {
    for (let pages = 0; pages < REVEAL_PAGES; pages += 1) {
      const entry = this.state.entries.find(({ kind, value }) => kind !== "message" && value.id === id);
      const element = entry && document.querySelector(`[data-entries] > [data-seq="${entry.seq}"]`);
      if (element) return this.#view.reveal(element);
      if (!(await this.loadOlder())) return;
    }
  }

  revealMessage({ seq }) {
    const element = document.querySelector(`[data-entries] > [data-seq="${seq}"]`);
    if (element) this.#view.reveal(element);
  }

  /** `change` grows or shrinks something at `element`, which must stay where it is. */
  hold(element, change) {
    this.#view.scroll.hold(element, change);
  }

  // Reading ---------------------------------------------------------------------------------------

  /** Whether somebody looks at the end of the room. */
  get attending() {
    return !document.hidden && document.hasFocus() && this.#view.scroll.pinned;
  }

  /** The reader moved, came back or went away. */
  moved() {
    this.#loadWhatIsNear();
    this.#reading.soon();
    for (const listener of this.#listeners) listener(this.state);
  }

  away() {
    if (this.state.head <= this.#reading.upTo) this.receive([{ type: "local.away" }]);
  }

  focusComposer() {
    this.#composer.focus();
  }

  // Drawing ---------------------------------------------------------------------------------------

  #apply(events, change = (state) => state) {
    this.state = change(apply(this.state, events, { now: clock.now(), reducers }));
  }

  /** At most once a frame, or, where no frame comes because nobody looks, at most once a second. */
  #draw() {
    if (this.#frame) return;
    const draw = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.#frame = 0;
      if (this.#begun) {
        if (this.#view.scroll.pinned) this.state = trimmed(this.state);
        this.#view.draw(this.state);
      }
      this.#changed();
    };
    const frame = requestAnimationFrame(draw);
    const timer = setTimeout(draw, 1000);
    this.#frame = frame;
  }

  #changed() {
    for (const listener of this.#listeners) listener(this.state);
    this.#reading.soon();
  }
}
