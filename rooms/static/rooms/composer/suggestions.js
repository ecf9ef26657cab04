// The menu that "/" opens: commands, and for each what its app knows about its arguments.

import { copy, one, setText, show } from "../ui/dom.js";
import { completers } from "../core/extensions.js";

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
    if (!text.startsWith("/") || text.startsWith("//") || text.includes("\n")) return this.close();
    const [, name, space, rest] = /^\/(\S*)(\s*)(.*)$/s.exec(text);
    if (!space) return this.#draw(this.#named(name), "", this.#commands.some((known) => known.name === name) && !completers[name]);
    const command = this.#commands.find((known) => known.name === name);
    if (!command) return this.close();
    const found = await completers[name]?.(rest)?.catch(() => null);
    if (asked !== this.#asked) return;
    const options = (found?.options ?? []).map((option) => ({ ...option, insert: `/${name} ${option.insert}` }));
    this.#draw(options, found?.hint ?? command.usage, found?.complete ?? true);
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
  #draw(options, hint, complete) {
    this.#options = options;
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
    const { insert } = this.#options[index];
    this.body.value = insert;
    this.body.setSelectionRange(insert.length, insert.length);
    this.body.dispatchEvent(new Event("input", { bubbles: true }));
    this.body.focus();
  }
}
