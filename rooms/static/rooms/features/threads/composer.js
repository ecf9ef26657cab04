// The field of a thread. Enter sends and Shift-Enter breaks the line, as in the room's own; what is not
// sent is kept a thread.

import { Suggestions } from "../../composer/suggestions.js";
import { one, setText, show } from "../../ui/dom.js";
import { composes } from "../../ui/keys.js";
import { count, lengthOf, posted } from "../../ui/text.js";
import { mayPost } from "../rooms/posting.js";

/** @import { Room, RoomState } from "../../core/shapes.js" */

const TOUCH = matchMedia("(pointer: coarse)");
// The same in all rooms of the site.
const MOST_CHARACTERS = JSON.parse(one("#state").textContent).limits.message_characters;

export class ThreadComposer {
  #room;
  #root = 0;
  #key = "";

  /** @param {HTMLFormElement} form
   *  @param {Room} room */
  constructor(form, room) {
    this.#room = room;
    this.form = form;
    /** @type {HTMLTextAreaElement} */
    this.body = one("textarea", form);
    /** @type {HTMLButtonElement} */
    this.send = one("button[type=submit]", form);
    this.error = one("[role=alert]", form);
    this.suggestions = new Suggestions(one("[data-thread-suggestions]", form), this.body);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.body.addEventListener("keydown", (event) => this.#pressed(event));
    this.body.addEventListener("input", () => this.#typed());
    this.body.addEventListener("blur", () => this.suggestions.close());
  }

  /** The thread of the message `root` of this room.
   *  @param {Room} room
   *  @param {number} root */
  enter(room, root) {
    this.#root = root;
    this.#key = `parley:draft:${room.state.user.id}:${room.slug}:thread:${root}`;
    this.body.value = read(this.#key);
    this.#say(null);
    this.draw(room.state);
  }

  /** @param {RoomState} state */
  draw(state) {
    const { room } = state;
    this.body.disabled = room.archived || !mayPost(state);
    this.body.placeholder = this.body.disabled ? "Nothing can be written here" : "Reply in the thread";
    this.send.disabled = this.body.disabled || this.body.value.trim() === "";
  }

  focus() {
    if (!TOUCH.matches) this.body.focus({ preventScroll: true });
  }

  #typed() {
    this.#keep();
    this.#say(null);
    if (!this.body.value.startsWith("/")) this.suggestions.update();
    this.#room.typing();
  }

  #keep() {
    try {
      if (this.body.value) localStorage.setItem(this.#key, this.body.value);
      else localStorage.removeItem(this.#key);
    } catch {
      // It is still on the page.
    }
    this.draw(this.#room.state);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (composes(event) || this.suggestions.key(event)) return;
    const enter = event.key === "Enter" && !event.shiftKey && !event.altKey;
    if (!enter || (TOUCH.matches && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    this.#submit();
  }

  async #submit() {
    const text = posted(this.body.value);
    if (!text || this.body.disabled) return;
    if (text.startsWith("/")) return this.#say("Commands are for the room: write this below the conversation.");
    if (lengthOf(text) > MOST_CHARACTERS) return this.#say(`A message has at most ${count(MOST_CHARACTERS)} characters. Send it in parts.`);
    const key = this.#key;
    this.body.value = "";
    this.#keep();
    this.suggestions.close();
    const refused = await this.#room.send(text, this.#root, [], false);
    if (refused === null || this.#key !== key) return;
    if (!this.body.value) {
      this.body.value = text;
      this.#keep();
    }
    this.#say(refused);
  }

  #say(words) {
    setText(this.error, words ?? "");
    show(this.error, words !== null);
  }
}

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
