// The dialog in which an emoji is chosen: the six that one uses most, a search by name, all of them by
// groups. The search field has the keyboard; arrows go through what is listed, Enter takes it.

import { copy, one, setText, show } from "../../ui/dom.js";
import { composes } from "../../ui/keys.js";
import { wordsOf } from "../../ui/text.js";
import { step } from "./grid.js";
import { habits, quick, rememberTone } from "./habits.js";
import { inTone, load, search, TONE_NAMES } from "./table.js";

/** @import { Emoji, Group } from "./table.js" */
/** @typedef {{ anchor: HTMLElement | null, take(emoji: string): void, closed(): void }} How */

const COARSE = matchMedia("(pointer: coarse)");
const GAP_PX = 6;
const WAVE = "👋";

/** @type {Picker | null} */
let picker = null;

/** @param {How} how */
export function openPicker(how) {
  picker ??= new Picker(one("[data-emoji-picker]"));
  picker.open(how);
}

class Picker {
  /** @type {How | null} */
  #how = null;
  /** @type {Group[]} */
  #groups = [];
  /** What is listed: the options of each group, in order.
   *  @type {HTMLElement[][]} */
  #listed = [];
  /** @type {[group: number, option: number] | null} */
  #chosen = null;
  #tone = 0;
  /** @type {string | null} */
  #taken = null;

  constructor(dialog) {
    this.dialog = dialog;
    this.search = one("input[type=search]", dialog);
    this.list = one("[data-emoji-list]", dialog);
    this.quick = one("[data-emoji-quick]", dialog);
    this.tabs = one("[data-emoji-tabs]", dialog);
    this.tones = one("[data-emoji-tones]", dialog);
    this.told = one("[data-emoji-told]", dialog);
    this.name = one("[data-emoji-name]", dialog);
    dialog.addEventListener("click", (event) => this.#clicked(event));
    dialog.addEventListener("keydown", (event) => this.#key(event));
    // That it was closed is told a moment later, when it may be open again.
    dialog.addEventListener("close", () => !dialog.open && this.#closed());
    this.list.addEventListener("pointerover", ({ target }) => this.#name(target.closest("[role=option]")));
    this.search.addEventListener("input", () => this.#draw());
    this.tones.addEventListener("change", ({ target }) => this.#toneTo(Number(target.value)));
  }

  /** @param {How} how */
  async open(how) {
    this.#closed();
    this.#how = how;
    this.#taken = null;
    this.search.value = "";
    this.#drawQuick();
    this.dialog.showModal();
    this.#place(how.anchor);
    // On a touch screen the keyboard would cover what one has come for.
    if (!COARSE.matches) this.search.focus();
    try {
      this.#groups = await load();
    } catch (failed) {
      return this.#tell(wordsOf(failed));
    }
    this.#toneTo(habits().tone);
    this.#drawTabs();
  }

  #drawQuick() {
    this.quick.replaceChildren(
      ...quick(habits()).map((emoji) => {
        const button = copy("t-emoji-quick");
        setText(button, emoji);
        button.dataset.emoji = emoji;
        return button;
      }),
    );
  }

  #drawTabs() {
    this.tabs.replaceChildren(
      ...this.#groups.map(({ name, emoji }) => {
        const button = copy("t-emoji-tab");
        setText(button, emoji[0].text);
        button.title = name;
        button.setAttribute("aria-label", name);
        button.dataset.group = name;
        return button;
      }),
    );
  }

  /** @param {number} tone */
  #toneTo(tone) {
    this.#tone = tone;
    if (habits().tone !== tone) rememberTone(tone);
    if (!this.tones.querySelector("label")) this.#drawTones();
    one(`input[value="${tone}"]`, this.tones).checked = true;
    this.#draw();
  }

  #drawTones() {
    const hand = this.#groups.flatMap(({ emoji }) => emoji).find(({ text }) => text === WAVE);
    TONE_NAMES.forEach((name, tone) => {
      const label = copy("t-emoji-tone");
      const input = one("input", label);
      input.value = String(tone);
      input.setAttribute("aria-label", name);
      label.title = name;
      setText(one("span", label), hand ? inTone(hand, tone) : name);
      this.tones.append(label);
    });
  }

  /** What is listed: what was searched for, or the latest ones and all groups. */
  #draw() {
    const typed = this.search.value.trim();
    const groups = typed ? [{ name: "Found", emoji: search(this.#groups, typed) }] : [this.#recent(), ...this.#groups];
    const some = groups.filter(({ emoji }) => emoji.length > 0);
    this.#listed = [];
    let number = 0;
    this.list.replaceChildren(
      ...some.map(({ name, emoji }) => {
        const section = copy("t-emoji-group");
        section.setAttribute("aria-label", name);
        section.dataset.group = name;
        setText(one("[data-title]", section), name);
        const options = emoji.map((each) => this.#option(each, number++));
        one("[data-emoji-grid]", section).append(...options);
        this.#listed.push(options);
        return section;
      }),
    );
    this.list.scrollTop = 0;
    this.#tell(typed && this.#groups.length && !some.length ? "No emoji is called that." : "");
    this.#choose(typed && some.length ? [0, 0] : null);
  }

  /** @returns {Group} */
  #recent() {
    const all = new Map(this.#groups.flatMap(({ emoji }) => emoji).map((each) => [each.text, each]));
    const emoji = habits().used.map(([text]) => all.get(text) ?? { text, name: text, codes: [], words: [], toned: null });
    return { name: "Recent", emoji };
  }

  /** @param {Emoji} emoji
   *  @param {number} number */
  #option(emoji, number) {
    const option = copy("t-emoji-option");
    option.id = `emoji-${number}`;
    option.dataset.emoji = inTone(emoji, this.#tone);
    option.dataset.code = emoji.codes[0] ?? "";
    option.setAttribute("aria-label", emoji.name);
    setText(option, option.dataset.emoji);
    return option;
  }

  /** @param {[number, number] | null} place */
  #choose(place) {
    const before = this.#at(this.#chosen);
    before?.setAttribute("aria-selected", "false");
    this.#chosen = place;
    const now = this.#at(place);
    if (now) {
      now.setAttribute("aria-selected", "true");
      this.search.setAttribute("aria-activedescendant", now.id);
      now.scrollIntoView({ block: "nearest" });
    } else this.search.removeAttribute("aria-activedescendant");
    this.#name(now);
  }

  #at(place) {
    return place ? (this.#listed[place[0]]?.[place[1]] ?? null) : null;
  }

  /** @param {HTMLElement | null} option */
  #name(option) {
    const code = option?.dataset.code;
    setText(this.name, option ? `${option.getAttribute("aria-label")}${code ? ` :${code}:` : ""}` : "");
  }

  #tell(words) {
    setText(this.told, words);
    show(this.told, words !== "");
  }

  #clicked({ target }) {
    const emoji = target.closest("[data-emoji]")?.dataset.emoji;
    const group = target.closest("button[data-group]")?.dataset.group;
    if (emoji) this.#take(emoji);
    else if (group) this.#goTo(group);
    else if (target === this.dialog || target.closest("[data-emoji-close]")) this.dialog.close();
  }

  /** @param {string} name */
  #goTo(name) {
    if (this.search.value) {
      this.search.value = "";
      this.#draw();
    }
    const section = one(`[role=group][data-group="${name}"]`, this.list);
    if (section) this.list.scrollTop = section.offsetTop - this.list.offsetTop;
    this.#choose([[...this.list.children].indexOf(section), 0]);
    if (!COARSE.matches) this.search.focus();
  }

  #key(event) {
    if (event.target !== this.search || composes(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = this.#at(this.#chosen);
    if (event.key === "Enter") {
      if (chosen) this.#take(chosen.dataset.emoji);
    } else {
      const grid = one("[data-emoji-grid]", this.list);
      const columns = grid ? getComputedStyle(grid).gridTemplateColumns.split(" ").length : 1;
      const to = step(this.#listed.map(({ length }) => length), columns, this.#chosen, event.key);
      if (!to) return;
      this.#choose(to);
    }
    event.preventDefault();
  }

  #take(emoji) {
    this.#taken = emoji;
    this.dialog.close();
  }

  #closed() {
    const [how, taken] = [this.#how, this.#taken];
    this.#how = null;
    how?.closed();
    if (taken !== null) how?.take(taken);
  }

  /** Beside what it was opened from, and all of it on the screen; a phone has it at the bottom. */
  #place(anchor) {
    const { width, height } = this.dialog.getBoundingClientRect();
    const at = anchor?.getBoundingClientRect() ?? { top: innerHeight / 2, bottom: innerHeight / 2, right: innerWidth / 2 };
    const below = at.bottom + GAP_PX;
    const top = below + height <= innerHeight - GAP_PX ? below : at.top - GAP_PX - height;
    const within = (value, most) => `${Math.max(GAP_PX, Math.min(value, most - GAP_PX))}px`;
    this.dialog.style.setProperty("--picker-left", within(at.right - width, innerWidth - width));
    this.dialog.style.setProperty("--picker-top", within(top, innerHeight - height));
  }
}
