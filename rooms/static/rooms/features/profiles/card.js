// Somebody's card: beside the name that was pressed, on a phone at the foot of the screen. What the
// page knows stands there at once; the rest is asked for.

import * as api from "../../core/api.js";
import { personActions } from "../../core/extensions.js";
import { paintAvatar } from "../../ui/avatar.js";
import { copy, one, setText, show } from "../../ui/dom.js";
import { wordsOf } from "../../ui/text.js";

/** @import { Person, PersonCard, Room, RoomState } from "../../core/shapes.js" */

const GAP_PX = 6;
const ROLES = { owner: "Owner of this room", moderator: "Moderator of this room", member: "Member of this room" };

const LEFT = "Not in this room any more.";

/** Whether the page knows that somebody is not in the room: of a large one it has not all members. Pure.
 *  @param {RoomState} state
 *  @param {Person} person */
export const hasLeft = ({ room, members }, { id }) => members.length >= room.members && !members.some(({ user }) => user.id === id);

export class Card {
  // Counts what was opened: only the last answer counts.
  #opened = 0;

  constructor() {
    this.dialog = one("[data-person-card]");
    one("[data-card-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** @param {Person} person
   *  @param {Element} anchor
   *  @param {Room} room */
  async open(person, anchor, room) {
    const opened = ++this.#opened;
    this.#draw({ username: "", pronouns: "", about: "", role: null, ...person });
    this.#say("");
    show(one("[data-card-actions]", this.dialog), false);
    show(one("[data-card-error]", this.dialog), false);
    if (!this.dialog.open) this.dialog.showModal();
    this.#place(anchor);
    if (hasLeft(room.state, person)) return this.#say(LEFT);
    try {
      const card = await api.get(`/rooms/${room.slug}/people/${person.id}`);
      if (opened !== this.#opened) return;
      this.#draw(card);
      this.#offer(card, room);
    } catch (refused) {
      if (opened !== this.#opened) return;
      const gone = refused instanceof api.Refused && refused.status === 404;
      this.#say(gone ? LEFT : wordsOf(refused));
    }
    this.#place(anchor);
  }

  /** @param {PersonCard} card */
  #draw({ name, username, pronouns, about, role }) {
    paintAvatar(one(".avatar", this.dialog), name);
    setText(one("[data-card-name]", this.dialog), name);
    setText(one("[data-card-username]", this.dialog), username);
    const said = one("[data-card-pronouns]", this.dialog);
    show(said, pronouns !== "");
    setText(one("bdi", said), pronouns);
    this.#line("[data-card-about]", about);
    this.#line("[data-card-role]", role === null ? "" : ROLES[role]);
  }

  #line(selector, words) {
    const element = one(selector, this.dialog);
    setText(element, words);
    show(element, words !== "");
  }

  #say(words) {
    this.#line("[data-card-said]", words);
  }

  /** @param {PersonCard} card
   *  @param {Room} room */
  #offer(card, room) {
    const offered = personActions.filter(({ allowed }) => allowed?.(card, room.state) ?? true);
    const holder = one("[data-card-actions]", this.dialog);
    holder.replaceChildren(
      ...offered.map(({ name, label, run }) => {
        const button = copy("t-person-action");
        button.dataset.action = name;
        setText(button, label(card));
        button.addEventListener("click", () => this.#run(holder, () => run(card, room)));
        return button;
      }),
    );
    show(holder, offered.length > 0);
  }

  async #run(holder, run) {
    const error = one("[data-card-error]", this.dialog);
    show(error, false);
    for (const button of holder.children) button.disabled = true;
    try {
      await run();
      this.dialog.close();
    } catch (refused) {
      setText(error, wordsOf(refused));
      show(error, true);
    } finally {
      for (const button of holder.children) button.disabled = false;
    }
  }

  #place(anchor) {
    const { width, height } = this.dialog.getBoundingClientRect();
    const at = anchor.getBoundingClientRect();
    const below = at.bottom + GAP_PX;
    const top = below + height <= innerHeight - GAP_PX ? below : at.top - GAP_PX - height;
    const within = (value, most) => `${Math.max(GAP_PX, Math.min(value, most - GAP_PX))}px`;
    this.dialog.style.setProperty("--card-left", within(at.left, innerWidth - width));
    this.dialog.style.setProperty("--card-top", within(top, innerHeight - height));
  }
}
