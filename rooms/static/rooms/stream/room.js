// One room on the page: its state, what is sent into it, when it counts as read.
// `main.js` makes one, gives it the socket's events and changes its room.

import * as api from "../core/api.js";
import * as clock from "../core/clock.js";
import { Refusal } from "../core/connection.js";
import { untilTaken } from "../core/delivery.js";
import { reducers } from "../core/extensions.js";
import { isCommand } from "../core/slash.js";
import { afterGap, apply, begunAnew, fromPage } from "../core/store.js";
import { uuid } from "../core/uuid.js";
import { withCards } from "../core/window.js";
import { Reading } from "../features/reading/read-marker.js";
import { wordsOf } from "../ui/text.js";
import { Places } from "./places.js";
import { cardsOfPage } from "./stretches.js";

/** @import { Message, Page, Pending, RoomEvent, RoomState } from "../core/shapes.js" */
/** @import { Command, Connection } from "../core/connection.js" */
/** @import { Composer } from "../composer/composer.js" */
/** @import { Outbox } from "../core/outbox.js" */
/** @import { View } from "./view.js" */

const FIRST_PAINT_MS = 300;
const NOT_HERE = "That message is not here any more.";

/** What is there by now: nothing is asked of a room before it is shown and entered.
 *  @template T
 *  @param {T | null} value
 *  @returns {T} */
function there(value) {
  if (value === null) throw new Error("The room is not there yet.");
  return value;
}

export class Room {
  /** @type {Connection} */
  #connection;
  /** @type {Outbox} */
  #outbox;
  /** What `show` was given.
   *  @type {{ view: View, composer: Composer, places: Places } | null} */
  #shown = null;
  /** @type {RoomState | null} */
  #state = null;
  /** @type {((state: RoomState) => void)[]} */
  #listeners = [];
  #frame = 0;
  #reading;
  // Whether the view has begun with this room; until then it shows the one before, or none.
  #begun = false;

  constructor({ connection, outbox }) {
    this.#connection = connection;
    this.#outbox = outbox;
    this.#reading = new Reading(connection);
  }

  /** What is known of the room; there is one from `enter` on. */
  get state() {
    return there(this.#state);
  }

  set state(state) {
    this.#state = state;
  }

  get #view() {
    return there(this.#shown).view;
  }

  get #composer() {
    return there(this.#shown).composer;
  }

  get #places() {
    return there(this.#shown).places;
  }

  /** `view` draws the stream; `listeners` are called with the state after each change. */
  show(view, composer, listeners) {
    this.#shown = { view, composer, places: new Places(this, view, { jumped: () => this.#reading.jumped() }) };
    this.#listeners = listeners;
  }

  /** Begin to write a reply to a message.
   *  @param {Message} message */
  answer(message) {
    this.#composer.reply(message);
  }

  /** Have something else than a message written for a while.
   *  @param {import("../composer/composer.js").Task} task */
  instead(task) {
    this.#composer.instead(task);
  }

  /** What was begun by `instead` is over, for this reason. */
  done(words) {
    this.#composer.done(words);
  }

  /** Something that was asked for was refused, in these words; null: not any more. */
  complain(words) {
    this.#composer.complain(words);
  }

  get slug() {
    return this.state.room.slug;
  }

  /** Open the room of a page's state. Cards of other apps get a moment to be there at once.
   *  @param {Page} page */
  async enter(page) {
    if (this.#state) {
      this.#reading.now();
      this.#connection.unfollow(this.slug);
    }
    clock.set(page.now);
    this.#begun = false;
    this.state = fromPage(page);
    this.#reading.begin(page);
    this.#places.leave();
    for (const item of this.#outbox.list(this.slug)) this.#apply([{ type: "local.pending", item }]);
    const entered = this.state.room;
    const cards = cardsOfPage(this.state).then((entries) => {
      if (this.state.room.slug === entered.slug) this.state = withCards(this.state, entries);
    });
    await Promise.race([cards, new Promise((resolve) => setTimeout(resolve, FIRST_PAINT_MS))]);
    if (this.state.room.slug !== entered.slug) return;
    this.#view.begin(this.state);
    // Before anything counts as read: who opens an old message has not seen what came since.
    if (page.shown && !this.#places.enterAt(page.shown)) this.#composer.tell(NOT_HERE);
    this.#begun = true;
    this.#changed();
    cards.then(() => this.#draw());
    this.#follow();
    for (const item of this.state.pending) if (!item.failure) this.#deliver(this.slug, item);
    if (!this.#looking) this.away();
    this.moved();
  }

  /** Events of the socket, of any room.
   *  @param {RoomEvent[]} events */
  receive(events) {
    this.#apply(events);
    if (this.state.withdrawn) this.#connection.unfollow(this.slug);
    this.#draw();
  }

  // Sending ---------------------------------------------------------------------------------------

  /** `replyTo` is the id of a message, or null; `files` are uploads; `moves`: to the room's end. */
  send(body, replyTo = /** @type {number | null} */ (null), files = [], moves = true) {
    /** @type {Pending} */
    const item = { client_id: uuid(), body, at: new Date(clock.now()).toISOString(), reply_to: replyTo, ...(files.length ? { files } : {}) };
    this.#outbox.put(this.slug, item);
    this.#apply([{ type: "local.pending", item }]);
    if (moves) this.#places.toEnd();
    this.#draw();
    return this.#deliver(this.slug, item);
  }

  retry(clientId) {
    const found = this.state.pending.find((other) => other.client_id === clientId);
    if (!found) return;
    const { failure: _, ...item } = found;
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

  /** A command of another app about this room; resolves with the answer, fails with words.
   *  @param {Command} command
   *  @param {{ resend?: boolean, urgent?: boolean }} [options] */
  command(command, options) {
    return this.#connection.command(command, options);
  }

  /** Resolves with null, or with the words of the refusal of what belongs back into the composer: a
   *  slash command, which was meant for the server and not for the room, or what came too soon.
   *  @param {string} slug
   *  @param {Pending} item */
  async #deliver(slug, item) {
    const { client_id, body, reply_to, files } = item;
    const enclosed = files ? { files: files.map(({ id }) => id) } : {};
    try {
      const answer = await untilTaken(this.#connection, { type: "send", room: slug, body, client_id, reply_to, ...enclosed });
      this.#outbox.remove(slug, client_id);
      if (this.slug !== slug) return null;
      if (answer.type === "sent") this.receive([{ type: "local.sent", message: answer.message }]);
      else this.receive([{ type: "local.dropped", client_id }, { ...answer, id: undefined, room: slug }]);
      if (answer.words) this.#composer.tell(answer.words);
      return null;
    } catch (error) {
      const paced = error instanceof Refusal && error.code === "slow_mode";
      if ((isCommand(body) || paced) && this.slug === slug) {
        this.#outbox.remove(slug, client_id);
        this.receive([{ type: "local.dropped", client_id }]);
        return wordsOf(error);
      }
      /** @type {Pending} */
      const failed = { ...item, failure: wordsOf(error) || true };
      this.#outbox.put(slug, failed);
      if (this.slug === slug) this.receive([{ type: "local.pending", item: failed }]);
      return null;
    }
  }

  // Following -------------------------------------------------------------------------------------

  #follow() {
    const { slug } = this;
    this.#connection.follow(slug, {
      position: () => ({ after: this.state.head, epoch: this.state.epoch }),
      onSubscribed: (answer) => this.#subscribed(slug, answer),
      onRefused: () => location.assign("/rooms/"),
    });
  }

  async #subscribed(slug, { seq, epoch, recovered, members, present }) {
    this.receive([{ type: "local.present", members, present }]);
    if (recovered !== false) return;
    // More was missed than the log brings back: live goes on from the head, the rest is a page.
    const { state } = this;
    this.state = epoch === state.epoch ? { ...state, head: Math.max(seq, state.head) } : begunAnew(state, { epoch, seq });
    this.#draw();
    const page = await this.#page(slug);
    if (!page || this.slug !== slug) return;
    const sameHistory = page.epoch === state.epoch;
    if (!sameHistory) this.#reading.begin(page);
    const away = sameHistory && this.#begun && !this.#view.scroll.pinned;
    this.state = afterGap(this.state, page, away);
    this.#draw();
    if (away) this.#places.refresh();
    const entries = await cardsOfPage(fromPage(page));
    if (this.slug !== slug) return;
    this.state = withCards(this.state, entries);
    this.#draw();
  }

  /** The state of a room, asked for until it comes.
   *  @param {string} slug
   *  @returns {Promise<Page | null>} */
  async #page(slug) {
    for (;;) {
      try {
        return await api.fetchJson(`/rooms/${slug}/state/`);
      } catch (error) {
        if (error instanceof api.Refused && error.status >= 400 && error.status < 500) return null;
        await new Promise((resolve) => setTimeout(resolve, 1000 + Math.random() * 2000));
      }
    }
  }

  // Places ----------------------------------------------------------------------------------------

  /** Bring the card with this id into sight; at once with its `seq`. */
  reveal(id, seq = null) {
    return this.#places.reveal(id, seq);
  }

  /** Bring the entry of `seq` into sight, wherever it is. */
  revealSeq(seq) {
    return this.#places.revealSeq(seq);
  }

  /** Bring a message into sight by its id, or say that it is not there.
   *  @param {number} id */
  async revealMessage(id) {
    const { slug } = this;
    try {
      this.complain(null);
      if (!(await this.#places.revealMessage(id))) this.#composer.tell(NOT_HERE);
    } catch (refused) {
      if (this.slug === slug) this.complain(wordsOf(refused));
    }
  }

  /** Where the reader is; see view.js. */
  get place() {
    return this.#view.place;
  }

  /** Back to such a place. */
  returnTo(place) {
    return this.#places.returnTo(place);
  }

  /** To where the news begin. */
  toFirstUnread() {
    return this.#places.toFirstUnread();
  }

  /** More at the "top" or the "bottom", which did not come by itself. */
  loadMore(edge) {
    return edge === "top" ? this.#places.loadOlder() : this.#places.loadNewer();
  }

  /** To the end of the room. */
  toEnd() {
    this.#places.toEnd();
    this.#draw();
  }

  /** `change` grows or shrinks something at `element`, which must stay where it is. */
  hold(element, change) {
    this.#view.scroll.hold(element, change);
  }

  // Reading ---------------------------------------------------------------------------------------

  get #looking() {
    return this.#begun && !document.hidden && document.hasFocus();
  }

  /** Whether somebody looks at the end of the room, and has read what stands above. */
  get attending() {
    return this.#looking && this.#view.scroll.pinned && this.follows;
  }

  /** Whether the reader goes on from where they had read to. */
  get follows() {
    return this.#reading.follows;
  }

  /** The reader moved, came back or went away. */
  moved() {
    if (this.#begun) this.#places.loadWhatIsNear();
    this.#look();
    for (const listener of this.#listeners) listener(this.state);
  }

  /** Nobody looks any more, or nothing comes: what comes from now on is new. */
  away() {
    if (!this.#begun) return;
    this.#reading.now();
    this.#reading.jumped();
    if (this.state.head <= this.#reading.upTo) this.receive([{ type: "local.away" }]);
  }

  markRead() {
    this.#reading.all(this.state.head);
    this.receive([{ type: "local.seen" }]);
    this.focusComposer();
  }

  /** What is in sight has been read, if somebody looks. */
  #look() {
    if (!this.#looking) return;
    this.#reading.look(this.state, this.#view.scroll.seen());
    this.#reading.soon();
    // Nothing came while nobody looked: what comes now is seen as it comes.
    if (this.follows && this.state.newAfter !== null && this.state.firstNew === null) this.#apply([{ type: "local.seen" }]);
    this.#view.drawUnread(this.state);
  }

  focusComposer() {
    this.#composer.focus();
  }

  // Drawing ---------------------------------------------------------------------------------------

  /** @param {RoomEvent[]} events */
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
        this.#places.show(this.state);
      }
      this.#changed();
    };
    const frame = requestAnimationFrame(draw);
    const timer = setTimeout(draw, 1000);
    this.#frame = frame;
  }

  #changed() {
    this.#look();
    for (const listener of this.#listeners) listener(this.state);
  }
}
