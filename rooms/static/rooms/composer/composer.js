// Where one writes. Enter sends and Shift-Enter breaks the line; on a touch screen, which has no
// Shift, Enter breaks it and the button sends. What is not sent is kept a room.

import { isCommand } from "../core/slash.js";
import { nameOf } from "../ui/avatar.js";
import { copy, one, setIcon, setText, show } from "../ui/dom.js";
import { composes } from "../ui/keys.js";
import { count, excerpt, lengthOf, posted } from "../ui/text.js";
import { Suggestions } from "./suggestions.js";

const TYPING_EVERY_MS = 3000;
// The counter shows when no more than these are left.
const COUNTED_CHARACTERS = 200;
const TOUCH = matchMedia("(pointer: coarse)");
// Where the style's `field-sizing` is not known, the field is fitted by hand.
const FITS_ITSELF = CSS.supports("field-sizing", "content");

export class Composer {
  #room;
  #most = Infinity;
  #typedAt = 0;
  #replyTo = null;
  // What stood here, and whose draft it is, when another room was asked for, or the first one: what
  // is typed from then on is for that room, and waits for it.
  #left = { text: "", key: null };
  #drawn = null;
  #withdrawn = null;

  constructor(room) {
    this.#room = room;
    this.form = one("[data-composer]");
    this.body = one("[data-body]", this.form);
    this.send = one("button[type=submit]", this.form);
    this.tools = one("[data-tools]", this.form);
    this.error = one("[data-composer-error]", this.form);
    this.told = one("[data-composer-words]", this.form);
    this.counter = one("[data-counter]", this.form);
    this.replying = one("[data-replying]", this.form);
    one("[data-replying-end]", this.replying).addEventListener("click", () => this.reply(null));
    this.suggestions = new Suggestions(one("[data-suggestions]", this.form), this.body);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.body.addEventListener("keydown", (event) => this.#key(event));
    this.body.addEventListener("input", () => this.#typed());
    this.body.addEventListener("blur", () => this.suggestions.close());
    TOUCH.addEventListener("change", () => this.#explainKeys());
    this.#explainKeys();
  }

  /** Buttons beside the field, as in `core/extensions.js`. */
  addTools(tools) {
    const buttons = tools.map(({ name, label, icon, run }) => {
      const button = copy("t-composer-tool");
      button.dataset.tool = name;
      button.title = label;
      button.setAttribute("aria-label", label);
      setIcon(button, icon);
      button.disabled = this.body.disabled;
      button.addEventListener("click", () => run(this, this.#room));
      return button;
    });
    this.tools.replaceChildren(...buttons);
  }

  /** Another room: its draft, its name. */
  enter(page) {
    this.#most = page.limits.message_characters;
    this.suggestions.commands = page.commands;
    this.#open(page.room, null);
    const typed = this.#typedSince();
    const draft = readDraft(this.#draftKey());
    // A browser may have put the draft back itself, when the page was loaded again.
    this.body.value = this.#left?.key === null ? typed || draft : draft + typed;
    if (typed) writeDraft(this.#draftKey(), this.body.value);
    this.#left = null;
    this.#typedAt = 0;
    this.#say(null);
    this.#fit();
    this.#setReply(null);
    if (!TOUCH.matches) this.focus();
  }

  /** Another room was asked for, or does not come for now. */
  leaving(whether) {
    if (whether) {
      this.#left ??= { text: this.body.value, key: this.#draftKey() };
    } else if (this.#left) {
      writeDraft(this.#left.key, this.body.value);
      this.#left = null;
    }
  }

  #typedSince() {
    if (!this.#left) return "";
    const { text, key } = this.#left;
    if (this.body.value.startsWith(text)) return this.body.value.slice(text.length);
    // It was changed, not gone on with.
    writeDraft(key, this.body.value);
    return "";
  }

  /** Whether one may write here at all, as of this state of the room. */
  draw({ room, withdrawn }) {
    const { name, archived } = this.#drawn ?? {};
    if (room.name === name && room.archived === archived && withdrawn === this.#withdrawn) return;
    this.#open(room, withdrawn);
    this.#fit();
  }

  #open(room, withdrawn) {
    this.#drawn = room;
    this.#withdrawn = withdrawn;
    this.body.disabled = room.archived || withdrawn !== null;
    for (const button of this.tools.children) button.disabled = this.body.disabled;
    this.body.placeholder = withdrawn !== null ? `You cannot write in ${room.name} any more`
      : room.archived ? `${room.name} is archived: it can be read, not written` : `Message ${room.name}`;
  }

  focus() {
    this.body.focus({ preventScroll: true });
  }

  /** Begin to write `text`, where nothing stands yet. */
  begin(text) {
    if (!this.body.value && !this.body.disabled) {
      this.body.value = text;
      this.body.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.focus();
  }

  /** What is sent next answers `message`; null: it answers nothing. */
  reply(message) {
    this.#setReply(message);
    this.focus();
  }

  #setReply(message) {
    this.#replyTo = message?.id ?? null;
    show(this.replying, message !== null);
    if (message === null) return;
    setText(one(".name", this.replying), nameOf(message.author));
    setText(one("[data-text]", this.replying), excerpt(message.body));
  }

  async #submit() {
    const text = this.#text();
    if (!text || this.body.disabled || this.#left) return;
    if (lengthOf(text) > this.#most) {
      return this.#say(`A message has at most ${count(this.#most)} characters, and this one has ${count(lengthOf(text))}. Send it in parts.`);
    }
    const { slug } = this.#room;
    this.#write("");
    this.suggestions.close();
    this.#say(null);
    const replyTo = this.#replyTo;
    this.#setReply(null);
    const refused = await this.#room.send(text, replyTo);
    // What was typed before the server had the message is not told, or ended by it.
    this.#typedAt = 0;
    if (refused === null || this.#room.slug !== slug) return;
    if (!this.body.value) this.#write(text);
    this.#say(refused);
    this.body.focus();
  }

  /** What would be sent. A command is one wherever it stands: it is not meant for everybody. */
  #text() {
    const trimmed = this.body.value.trim();
    return trimmed.startsWith("/") ? trimmed : posted(this.body.value);
  }

  #explainKeys() {
    this.body.enterKeyHint = TOUCH.matches ? "enter" : "send";
    show(one("[data-keys-touch]", this.form), TOUCH.matches);
    show(one("[data-keys]", this.form), !TOUCH.matches);
    this.send.title = TOUCH.matches ? "Send" : "Send (Enter)";
  }

  #key(event) {
    if (composes(event)) return;
    if (this.suggestions.key(event)) return;
    const enter = event.key === "Enter" && !event.shiftKey && !event.altKey;
    if (enter && (event.ctrlKey || event.metaKey || !TOUCH.matches)) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#replyTo !== null) this.reply(null);
  }

  #typed() {
    this.#say(null);
    this.#fit();
    this.suggestions.update();
    if (this.#left) return;
    writeDraft(this.#draftKey(), this.body.value);
    if (!this.body.value || isCommand(this.body.value) || Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    this.#room.typing();
  }

  #write(text) {
    this.body.value = text;
    writeDraft(this.#draftKey(), text);
    this.#typedAt = 0;
    this.#fit();
  }

  #fit() {
    if (!FITS_ITSELF) fitByHand(this.body);
    const left = this.#most - lengthOf(this.#text());
    show(this.counter, left <= COUNTED_CHARACTERS);
    setText(this.counter, count(left));
    this.counter.classList.toggle("over", left < 0);
    this.send.disabled = this.body.disabled || left < 0 || this.body.value.trim() === "";
  }

  /** What the server says about a command, to this person alone; until they type again. */
  tell(words) {
    setText(this.told, words);
    show(this.told, true);
  }

  #say(words) {
    setText(this.error, words ?? "");
    show(this.error, words !== null);
    show(this.told, false);
  }

  #draftKey() {
    return `parley:draft:${this.#room.state.user.id}:${this.#room.slug}`;
  }
}

/** From one line to ten; the bounds are in the style. */
function fitByHand(body) {
  body.style.height = "auto";
  body.style.height = `${body.scrollHeight}px`;
}

function readDraft(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function writeDraft(key, text) {
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // A draft that cannot be kept is still on the page.
  }
}
