// Incoming webhooks of a room, in a dialog: one is made and its address shown once, those there are can be
// removed.

import * as api from "../../core/api.js";
import * as clock from "../../core/clock.js";
import { nameOf } from "../../ui/avatar.js";
import { confirmed } from "../../ui/confirm.js";
import { moment } from "../../ui/dates.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { counted, wordsOf } from "../../ui/text.js";

/** Who made it, and what came by it. Pure.
 *  @param {{ by: { id: number, name: string } | null, uses: number, used_at: string | null }} webhook
 *  @param {{ id: number }} reader
 *  @param {number} now */
export function factsOf({ by, uses, used_at }, reader, now) {
  const maker = by?.id === reader.id ? "Made by you" : `Made by ${nameOf(by)}`;
  return used_at === null ? `${maker} · not used yet` : `${maker} · ${counted(uses, "message", "messages")}, last ${moment(used_at, now)}`;
}

/** @param {string} url */
export const example = (url) => `curl -d '{"body": "Hello"}' ${url}`;

export class IncomingWebhooks {
  #room;
  #slug = "";

  constructor(room) {
    this.#room = room;
    this.element = copy("t-webhooks");
    this.dialog = one("[data-webhooks]");
    this.form = one("[data-webhooks-form]");
    this.made = one("[data-webhook-made]");
    this.list = one("[data-webhooks-list]");
    this.address = one("input", this.made);
    this.copy = one("[data-webhook-copy]");
    one("[data-webhooks-open]", this.element).addEventListener("click", () => this.#open());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    this.address.addEventListener("focus", () => this.address.select());
    // Only where the address is a safe one.
    show(this.copy, Boolean(navigator.clipboard));
    this.copy.addEventListener("click", () => this.#copy());
    one("[data-webhooks-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => this.#forget());
  }

  update({ room, may }) {
    const allowed = Boolean(may?.[room.role]?.webhooks) && !room.archived;
    show(this.element, allowed);
    if (this.dialog.open && (!allowed || room.slug !== this.#slug)) this.dialog.close();
  }

  #open() {
    this.#slug = this.#room.slug;
    this.#say(null);
    this.#draw(null);
    this.dialog.showModal();
    this.#load();
  }

  /** The address is shown this once. */
  #forget() {
    show(this.made, false);
    this.address.value = "";
    setText(one("[data-webhook-try]", this.made), "");
  }

  async #make() {
    const button = one("[type=submit]", this.form);
    button.disabled = true;
    this.#say(null);
    try {
      const { url } = await api.post(this.#path, { name: this.form.elements.name.value });
      setText(one("span", this.copy), "Copy");
      this.address.value = url;
      setText(one("[data-webhook-try]", this.made), example(url));
      this.form.reset();
      show(this.made, true);
      (navigator.clipboard ? this.copy : this.address).focus();
      await this.#load();
    } catch (refused) {
      this.#say(wordsOf(refused));
    } finally {
      button.disabled = false;
    }
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.address.value);
      setText(one("span", this.copy), "Copied");
    } catch {
      this.address.focus();
    }
  }

  async #remove({ id, name }) {
    this.#say(null);
    const words = "Nothing can be posted by its address any more. What was posted stays.";
    if (!(await confirmed({ title: `Remove ${name}?`, words, action: "Remove" }))) return;
    try {
      await api.remove(`${this.#path}/${id}`);
    } catch (refused) {
      this.#say(wordsOf(refused));
    }
    await this.#load();
    one("[data-webhooks-close]", this.dialog).focus();
  }

  async #load() {
    const slug = this.#slug;
    try {
      const { webhooks } = await api.get(this.#path);
      if (slug === this.#slug) this.#draw(webhooks);
    } catch (refused) {
      if (slug === this.#slug) this.#say(wordsOf(refused));
    }
  }

  /** Newest first; null: nobody knows yet. */
  #draw(webhooks) {
    show(this.list, Boolean(webhooks?.length));
    show(one("[data-webhooks-empty]", this.dialog), webhooks?.length === 0);
    reconcile(this.list, [...(webhooks ?? [])].reverse(), {
      keyOf: ({ id }) => id,
      create: () => copy("t-webhook"),
      update: (element, webhook) => {
        setText(one("[data-name]", element), webhook.name);
        setText(one("[data-facts]", element), factsOf(webhook, this.#room.state.user, clock.now()));
        const remove = one("[data-remove]", element);
        remove.setAttribute("aria-label", `Remove ${webhook.name}`);
        remove.onclick = () => this.#remove(webhook);
      },
    });
  }

  get #path() {
    return `/rooms/${this.#slug}/incoming-webhooks`;
  }

  #say(words) {
    const error = one("[data-webhooks-error]", this.dialog);
    setText(error, words ?? "");
    show(error, words !== null);
  }
}
