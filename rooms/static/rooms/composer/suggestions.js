// The menu that "/" opens: commands, and for each what its app knows about its arguments. It also
// offers what features know about the word before the cursor.

import { copy, one, setText, show } from "../ui/dom.js";
import { completers, textCompleters } from "../core/extensions.js";

/** Of what was offered for the beginning of a word, what fits all that stands before the cursor now. Pure.
 *  @param {{ name: string, text: string, insert: string, from?: number }[]} options
 *  @param {string} before */
export function fittingStill(options, before) {
  return options.flatMap((option) => {
    if (option.from === undefined || option.from >= before.length) return [];
    const typed = before.slice(option.from + 1).toLowerCase();
    const known = `${option.name} ${option.text} ${option.insert}`.toLowerCase();
    return known.includes(typed) ? [{ ...option, to: before.length }] : [];
  });
}

export class Suggestions {
  #commands = [];
  #options = [];
  #chosen = -1;
  #asked = 0;

  constructor(holder, body) {
    this.holder = holder;
    this.body = body;
    this.list = one("ul", holder);
    this.hint = one("[data-hint]", holder);
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.#take([...this.list.children].indexOf(item));
    });
  }

  set commands(commands) {
    this.#commands = commands;
  }

  get open() {
    return !this.holder.hidden;
  }

  /** What the person has typed changed. */
  async update() {
    const text = this.body.value;
    const asked = ++this.#asked;
    if (!text.startsWith("/") || text.startsWith("//") || text.includes("\n")) return this.#completeWord(asked);
    const [, name, space, rest] = /** @type {RegExpExecArray} */ (/^\/(\S*)(\s*)(.*)$/s.exec(text));
    if (!space) return this.#draw(this.#named(name), "", this.#commands.some((known) => known.name === name) && !completers[name]);
    const command = this.#commands.find((known) => known.name === name);
    if (!command) return this.close();
    const found = await completers[name]?.(rest)?.catch(() => null);
    if (asked !== this.#asked) return;
    const options = (found?.options ?? []).map((option) => ({ ...option, insert: `/${name} ${option.insert}` }));
    this.#draw(options, found?.hint ?? command.usage, found?.complete ?? true);
  }

  async #completeWord(asked) {
    const { selectionStart: to, selectionEnd } = this.body;
    const before = to === selectionEnd ? this.body.value.slice(0, to) : "";
    this.#narrow(before);
    for (const complete of textCompleters) {
      const coming = complete(before);
      if (coming === null) continue;
      const found = await coming.catch(() => null);
      if (asked !== this.#asked) return;
      if (!found?.options.length) continue;
      const options = found.options.map((option) => ({ ...option, from: found.from, to }));
      return this.#draw(options, "", false, found.label);
    }
    this.close();
  }

  /** Until the answer is there, what was offered for less of the word is offered as far as it fits,
   *  and in place of all that was typed. */
  #narrow(before) {
    if (!this.open) return;
    const fitting = fittingStill(this.#options, before);
    if (!fitting.length) return this.#draw([], "", true);
    if (fitting.length < this.#options.length) this.#draw(fitting, "", false, this.list.getAttribute("aria-label") ?? "");
    this.#options = fitting;
  }

  /** Returns whether the key was for the menu. */
  key(event) {
    if (!this.open) return false;
    const { length } = this.#options;
    if (event.key === "Escape") this.close();
    else if (!length) return false;
    else if (event.key === "ArrowDown") this.#mark((this.#chosen + 1) % length);
    else if (event.key === "ArrowUp") this.#mark((Math.max(0, this.#chosen) - 1 + length) % length);
    else if (event.key === "Tab" && !event.shiftKey) this.#take(Math.max(0, this.#chosen));
    else if (event.key === "Enter" && !event.shiftKey && this.#chosen >= 0) this.#take(this.#chosen);
    else return false;
    event.preventDefault();
    return true;
  }

  close() {
    this.#asked += 1;
    this.#options = [];
    show(this.holder, false);
    this.body.removeAttribute("aria-activedescendant");
  }

  #named(name) {
    return this.#commands
      .filter((command) => command.name.startsWith(name.toLowerCase()))
      .map((command) => ({ name: `/${command.name}`, text: command.summary, insert: `/${command.name} ` }));
  }

  /** Of a command that is `complete` nothing is marked: Enter runs it, Tab and the arrows go on. */
  #draw(options, hint, complete, label = "Commands") {
    this.#options = options;
    this.list.setAttribute("aria-label", label);
    this.list.replaceChildren(
      ...options.map((option, index) => {
        const item = copy("t-suggestion");
        item.id = `suggestion-${index}`;
        setText(one(".suggestion-name", item), option.name);
        setText(one(".quiet", item), option.text);
        return item;
      }),
    );
    setText(this.hint, hint);
    show(this.hint, hint !== "");
    show(this.holder, options.length > 0 || hint !== "");
    this.#mark(options.length && !complete ? 0 : -1);
  }

  #mark(index) {
    this.#chosen = index;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", at === index));
    const chosen = this.list.children[index];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.body.setAttribute("aria-activedescendant", chosen.id);
    else this.body.removeAttribute("aria-activedescendant");
  }

  #take(index) {
    const { insert, from = 0, to = this.body.value.length, taken } = this.#options[index];
    this.body.setRangeText(insert, from, to, "end");
    taken?.();
    this.body.dispatchEvent(new Event("input", { bubbles: true }));
    this.body.focus();
  }
}
