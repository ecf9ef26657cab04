// Where one writes. Enter sends and Shift-Enter breaks the line; on a touch screen, which has no
// Shift, Enter breaks it and the button sends. What is not sent is kept a room.

import * as clock from "../core/clock.js";
import { isCommand } from "../core/slash.js";
import { pastedFiles, takeDropped } from "../features/files/drop.js";
import { Uploads } from "../features/files/uploads.js";
import { closedWords, paceOf } from "../features/rooms/posting.js";
import { nameOf } from "../ui/avatar.js";
import { copy, one, setIcon, setText, show } from "../ui/dom.js";
import { composes } from "../ui/keys.js";
import { count, duration, excerpt, lengthOf, posted } from "../ui/text.js";
import { Suggestions } from "./suggestions.js";

/** @import { RoomRow } from "../core/shapes.js" */

const TYPING_EVERY_MS = 3000;
// Of a room: what says whether and how one may write in it.
/** @type {(keyof RoomRow)[]} */
const SHOWN = ["name", "archived", "who_posts", "slow_mode", "role", "muted_until"];
// The counter shows when no more than these are left.
const COUNTED_CHARACTERS = 200;
const TOUCH = matchMedia("(pointer: coarse)");
// Where the style's `field-sizing` is not known, the field is fitted by hand.
const FITS_ITSELF = CSS.supports("field-sizing", "content");

/**
 * What is written in the field for a while: `words` name it, `text` is what stands there at first.
 * `save` resolves with null, or with why it was refused; meanwhile `saving` is what was written.
 * `follow` hears of each change of the room.
 * @typedef {{ words: string, text: string, saving?: string | null, save(text: string): Promise<string | null>,
 *   follow(state: any): void }} Task
 */

/** Why nothing can be written in a room that can be read. */
const archivedWords = ({ name, visibility, members }) =>
  visibility === "direct" && members < 2
    ? `${name} has left: this can be read, not written`
    : `${name} is archived: it can be read, not written`;

export class Composer {
  #room;
  #most = Infinity;
  #typedAt = 0;
  /** @type {import("../core/shapes.js").Message | null} */
  #replyTo = null;
  // What stood here, and whose draft it is, when another room was asked for, or the first one: what
  // is typed from then on is for that room, and waits for it.
  /** @type {{ text: string, key: string | null } | null} */
  #left = { text: "", key: null };
  /** @type {RoomRow | null} */
  #drawn = null;
  /** @type {string | null} */
  #withdrawn = null;
  // What is written here instead of a message, and what stood here before; see `instead`.
  /** @type {Task | null} */
  #task = null;
  #kept = "";
  #up;
  // Whether what stands here goes as soon as its files are there.
  #sends = false;

  /** `up` is called when somebody goes up from an empty field; returns whether that does something.
   *  @param {any} room
   *  @param {{ up?: () => boolean }} [keys] */
  constructor(room, { up = () => false } = {}) {
    this.#room = room;
    this.#up = up;
    this.form = one("[data-composer]");
    this.body = one("[data-body]", this.form);
    this.send = one("button[type=submit]", this.form);
    this.tools = one("[data-tools]", this.form);
    this.error = one("[data-composer-error]", this.form);
    this.told = one("[data-composer-words]", this.form);
    this.counter = one("[data-counter]", this.form);
    this.replying = one("[data-replying]", this.form);
    one("[data-replying-end]", this.replying).addEventListener("click", () => this.reply(null));
    this.doing = one("[data-doing]", this.form);
    one("[data-doing-end]", this.doing).addEventListener("click", () => this.done());
    this.uploads = new Uploads(() => this.#uploaded());
    one("[data-composer-box]", this.form).before(this.uploads.element);
    takeDropped(one("#main"), () => this.#takesFiles, (files) => this.attach(files));
    this.body.addEventListener("paste", (event) => {
      const files = this.#takesFiles ? pastedFiles(event) : [];
      if (!files.length) return;
      event.preventDefault();
      this.attach(files);
    });
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
    this.#end(this.#kept);
    this.#most = page.limits.message_characters;
    this.suggestions.commands = page.commands;
    this.#sends = false;
    this.uploads.enter(this.#room.slug);
    this.#open(page);
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
      this.#end(this.#kept);
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
  draw(state) {
    const { room, withdrawn } = state;
    this.#task?.follow(state);
    const drawn = this.#drawn;
    if (drawn && SHOWN.every((field) => room[field] === drawn[field]) && withdrawn === this.#withdrawn) return;
    this.#open(state);
    this.#fit();
  }

  #open({ room, may, withdrawn = null }) {
    this.#drawn = room;
    this.#withdrawn = withdrawn;
    const words = room.archived || withdrawn !== null ? null : closedWords({ room, may }, clock.now());
    const listens = words !== null;
    this.body.disabled = room.archived || withdrawn !== null || listens;
    show(one("[data-composer-box]", this.form), !listens);
    show(one("[data-composer-closed]", this.form), listens);
    setText(one("[data-composer-closed]", this.form), words ?? "");
    one("[data-shell]").toggleAttribute("data-listens", listens);
    const pace = paceOf({ room, may });
    if (this.body.disabled) this.#end(this.#kept);
    for (const button of this.tools.children) button.disabled = this.body.disabled;
    this.body.placeholder = withdrawn !== null ? `You cannot write in ${room.name} any more`
      : room.archived ? archivedWords(room) : `Message ${room.name}${pace ? ` (slow mode: one in ${duration(pace)})` : ""}`;
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

  /** Put `text` where the cursor is, in place of what is selected. */
  insert(text) {
    if (this.body.disabled) return;
    this.body.setRangeText(text, this.body.selectionStart, this.body.selectionEnd, "end");
    this.body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  get #takesFiles() {
    return !this.body.disabled && this.#task === null;
  }

  /** Files to be sent with what is written.
   *  @param {File[]} files */
  attach(files) {
    this.uploads.add(files);
    this.#say(null);
    this.#fit();
    this.focus();
  }

  #uploaded() {
    if (this.#sends && !this.uploads.going) this.#submit();
    else this.#fit();
  }

  /** What is sent next answers `message`; null: it answers nothing. */
  reply(message) {
    this.#end(this.#kept);
    this.#setReply(message);
    this.focus();
  }

  #setReply(message) {
    this.#replyTo = message;
    show(this.replying, message !== null && this.#task === null);
    if (message === null) return;
    setText(one(".name", this.replying), nameOf(message.author));
    setText(one("[data-text]", this.replying), excerpt(message.body));
  }

  /** Have something else written here until it is saved or given up; the draft waits meanwhile.
   *  @param {Task} task */
  instead(task) {
    if (this.body.disabled) return;
    this.#end(this.#kept);
    this.#task = task;
    this.#kept = this.body.value;
    this.body.value = task.text;
    setText(one("[data-text]", this.doing), task.words);
    this.#drawTask();
    this.suggestions.close();
    this.#say(null);
    this.#fit();
    this.focus();
    this.body.setSelectionRange(task.text.length, task.text.length);
  }

  /** It is over, for the reason that `words` say, if any; then what was written is lost only where
   *  a draft waits. */
  done(words = null) {
    if (!this.#task) return;
    const written = words !== null && !this.#kept ? this.body.value : this.#kept;
    this.#end(written);
    this.#say(words);
    this.focus();
  }

  #end(text) {
    if (!this.#task) return;
    const waiting = text === this.#kept;
    this.#task = null;
    this.#kept = "";
    this.body.value = text;
    // The draft that waited is kept where it was: whose it is may be another room by now.
    if (!waiting) writeDraft(this.#draftKey(), text);
    this.#drawTask();
    this.#fit();
  }

  #drawTask() {
    show(this.doing, this.#task !== null);
    show(this.replying, this.#task === null && this.#replyTo !== null);
    this.body.setAttribute("aria-label", this.#task?.words ?? "Message");
    this.#explainKeys();
  }

  async #save(task) {
    const text = posted(this.body.value);
    if (!text || task.saving) return;
    if (text === task.text) return this.done();
    task.saving = text;
    const refused = await task.save(text);
    task.saving = null;
    if (this.#task !== task) return;
    if (refused === null) this.done();
    else this.complain(refused);
  }

  async #submit() {
    if (this.#task) return this.#save(this.#task);
    const text = this.#text();
    this.#sends = false;
    if ((!text && !this.uploads.any) || this.body.disabled || this.#left) return;
    if (this.uploads.any && isCommand(text)) return this.#say("A command takes no files: remove them, or write something else.");
    if (this.uploads.failed) return this.#say("Not all files are there: try them again, or remove them.");
    if (this.uploads.going) {
      this.#sends = true;
      return this.tell("It is sent as soon as the files are there.");
    }
    if (lengthOf(text) > this.#most) {
      return this.#say(`A message has at most ${count(this.#most)} characters, and this one has ${count(lengthOf(text))}. Send it in parts.`);
    }
    const { slug } = this.#room;
    this.#write("");
    this.suggestions.close();
    this.#say(null);
    const replyTo = this.#replyTo;
    this.#setReply(null);
    const files = this.uploads.take();
    const refused = await this.#room.send(text, replyTo?.id ?? null, files);
    // What was typed before the server had the message is not told, or ended by it.
    this.#typedAt = 0;
    if (refused === null || this.#room.slug !== slug) return;
    if (!this.body.value) {
      this.uploads.putBack(files);
      this.#write(text);
      this.#setReply(replyTo);
    }
    this.#say(refused);
    this.body.focus();
  }

  /** What would be sent. A command is one wherever it stands: it is not meant for everybody. */
  #text() {
    const trimmed = this.body.value.trim();
    if (this.#task) return posted(this.body.value);
    return trimmed.startsWith("/") ? trimmed : posted(this.body.value);
  }

  #explainKeys() {
    this.body.enterKeyHint = TOUCH.matches ? "enter" : "send";
    show(one("[data-keys-touch]", this.form), TOUCH.matches);
    show(one("[data-keys]", this.form), !TOUCH.matches);
    const does = this.#task ? "Save" : "Send";
    this.send.setAttribute("aria-label", does);
    this.send.title = TOUCH.matches ? does : `${does} (Enter)`;
  }

  #key(event) {
    if (composes(event)) return;
    if (this.suggestions.key(event)) return;
    const enter = event.key === "Enter" && !event.shiftKey && !event.altKey;
    if (enter && (event.ctrlKey || event.metaKey || !TOUCH.matches)) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#task) this.done();
    else if (event.key === "Escape" && this.#replyTo !== null) this.reply(null);
    else if (event.key === "ArrowUp" && !event.shiftKey && !this.body.value && !this.#task && this.#up()) event.preventDefault();
  }

  #typed() {
    this.#say(null);
    this.#fit();
    if (this.#task) return;
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
    this.send.disabled = this.body.disabled || left < 0 || (this.body.value.trim() === "" && !this.uploads.any);
  }

  /** Something was refused. */
  complain(words) {
    this.#say(words);
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
