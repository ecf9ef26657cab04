// Links into a room, in a dialog: one is made and shown once, those there are can be taken back.

import * as api from "../../core/api.js";
import * as clock from "../../core/clock.js";
import { nameOf } from "../../ui/avatar.js";
import { moment } from "../../ui/dates.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { counted, wordsOf } from "../../ui/text.js";

const LOAD_AFTER_MS = 1000;
const STATES = { used_up: "used up", expired: "run out", blocked: "blocked" };

/** How often a link was used, and how often it may be. Pure. */
export function useOf({ uses, most_uses }) {
  if (most_uses === null) return uses ? `Let ${counted(uses, "person", "people")} in` : "Not used yet";
  return `Let ${uses} of ${counted(most_uses, "person", "people")} in`;
}

/** Who made it, and until when it stands. Pure. */
export function factsOf({ by, until, state }, reader, now) {
  const maker = by.id === reader.id ? "Made by you" : `Made by ${nameOf(by)}`;
  if (until === null) return `${maker} · never runs out`;
  return `${maker} · ${state === "expired" ? "ran out" : "runs out"} ${withOn(moment(until, now))}`;
}

/** "14:05" is a time, and needs its word. */
const withOn = (words) => (/^\d/.test(words) && words.length === 5 ? `at ${words}` : words);

export class InviteLinks {
  #room;
  #slug = "";
  #members = 0;
  #timer = 0;

  constructor(room) {
    this.#room = room;
    this.button = one("[data-links-open]");
    this.dialog = one("[data-links]");
    this.form = one("[data-links-form]");
    this.made = one("[data-link-made]");
    this.list = one("[data-links-list]");
    this.link = one("input", this.made);
    this.copy = one("[data-link-copy]");
    this.button.addEventListener("click", () => this.#open());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    this.link.addEventListener("focus", () => this.link.select());
    // Only where the address is a safe one.
    show(this.copy, Boolean(navigator.clipboard));
    this.copy.addEventListener("click", () => this.#copy());
    one("[data-links-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.#forget());
  }

  update({ room, may }) {
    const allowed = Boolean(may?.[room.role]?.links) && !room.archived;
    show(this.button, allowed);
    if (this.dialog.open && (!allowed || room.slug !== this.#slug)) this.dialog.close();
    // Who has come may have come by a link.
    if (this.dialog.open && room.members !== this.#members) this.#loadSoon();
    this.#members = room.members;
  }

  #open() {
    this.#slug = this.#room.slug;
    this.#say(null);
    this.#draw(null);
    this.dialog.showModal();
    this.#load();
  }

  /** The link is shown this once. */
  #forget() {
    show(this.made, false);
    this.link.value = "";
  }

  async #make() {
    const button = one("[type=submit]", this.form);
    const given = Object.fromEntries(new FormData(this.form));
    const wanted = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value ? Number(value) : null]));
    button.disabled = true;
    this.#say(null);
    try {
      const { url } = await api.post(this.#path, wanted);
      setText(one("span", this.copy), "Copy");
      this.link.value = url;
      show(this.made, true);
      (navigator.clipboard ? this.copy : this.link).focus();
      await this.#load();
    } catch (refused) {
      this.#say(wordsOf(refused));
    } finally {
      button.disabled = false;
    }
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.link.value);
      setText(one("span", this.copy), "Copied");
    } catch {
      this.link.focus();
    }
  }

  async #revoke(id) {
    this.#say(null);
    try {
      await api.remove(`${this.#path}/${id}`);
    } catch (refused) {
      this.#say(wordsOf(refused));
    }
    await this.#load();
    one("[data-links-close]", this.dialog).focus();
  }

  /** At most once a while, however many come in together. */
  #loadSoon() {
    this.#timer ||= setTimeout(() => this.#load(), LOAD_AFTER_MS);
  }

  async #load() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const slug = this.#slug;
    try {
      const { links } = await api.get(this.#path);
      if (slug === this.#slug) this.#draw(links);
    } catch (refused) {
      if (slug === this.#slug) this.#say(wordsOf(refused));
    }
  }

  /** Newest first; null: nobody knows yet. */
  #draw(links) {
    show(this.list, Boolean(links?.length));
    show(one("[data-links-empty]", this.dialog), links?.length === 0);
    reconcile(this.list, [...(links ?? [])].reverse(), {
      keyOf: ({ id }) => id,
      create: () => copy("t-link"),
      update: (element, link) => this.#drawLink(element, link),
    });
  }

  #drawLink(element, link) {
    element.dataset.link = link.id;
    element.toggleAttribute("data-open", link.state === "open");
    setText(one("[data-uses]", element), useOf(link));
    setText(one("[data-facts]", element), factsOf(link, this.#room.state.user, clock.now()));
    const state = one("[data-state]", element);
    setText(state, STATES[link.state] ?? "");
    show(state, link.state in STATES);
    const revoke = one("[data-revoke]", element);
    setText(revoke, link.state === "open" ? "Take back" : "Remove");
    revoke.setAttribute("aria-label", `${revoke.textContent} the link that was made ${withOn(moment(link.at, clock.now()))}`);
    revoke.onclick = () => this.#revoke(link.id);
  }

  get #path() {
    return `/rooms/${this.#slug}/invite-links`;
  }

  #say(words) {
    const error = one("[data-links-error]", this.dialog);
    setText(error, words ?? "");
    show(error, words !== null);
  }
}
