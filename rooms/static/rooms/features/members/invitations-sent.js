// Inviting somebody by their user name, and who is invited already.

import * as api from "../../core/api.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { wordsOf } from "../../ui/text.js";

const LOAD_AFTER_MS = 1000;

export class Invitations {
  #slug = null;
  #allowed = [];
  #lists = false;
  #members = null;
  #timer = 0;

  constructor() {
    this.button = one("[data-invite]");
    this.form = one("[data-invite-form]");
    this.list = one("[data-invited]");
    this.button.addEventListener("click", () => this.#open(this.form.hidden));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#invite();
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#open(false);
    });
  }

  update({ room, may, members }) {
    const mine = may?.[room.role];
    const allowed = (!room.archived && mine?.invite) || [];
    this.#lists = Boolean(mine?.invitations);
    const another = room.slug !== this.#slug;
    const changed = allowed.join() !== this.#allowed.join();
    this.#slug = room.slug;
    this.#allowed = allowed;
    show(this.button, allowed.length > 0);
    one("[data-shell]").toggleAttribute("data-may-invite", allowed.length > 0);
    if (another || (changed && !allowed.length)) this.#open(false, { keepFocus: true });
    if (changed) this.#drawRoles();
    if (another || changed) this.#load();
    // Who has come in is not invited any more.
    else if (members !== this.#members && this.list.childElementCount) this.#loadSoon();
    this.#members = members;
  }

  #drawRoles() {
    const select = one("select", this.form);
    select.replaceChildren(...this.#allowed.map((role) => new Option(`as ${role}`, role)));
    show(select, this.#allowed.length > 1);
  }

  #open(open, { keepFocus = false } = {}) {
    show(this.form, open);
    this.button.setAttribute("aria-expanded", open);
    this.#say("");
    if (open) one("input", this.form).focus();
    else if (!keepFocus) this.button.focus();
  }

  async #invite() {
    const input = one("input", this.form);
    const user = input.value.trim();
    if (!user) return;
    const button = one("[type=submit]", this.form);
    button.disabled = true;
    try {
      const made = await api.post(`/rooms/${this.#slug}/members`, { user, role: one("select", this.form).value || "member" });
      input.value = "";
      this.#say(made.state === "invited" ? `${made.name} is invited.` : `${made.user.name} is a member.`);
      await this.#load();
    } catch (refused) {
      this.#say(wordsOf(refused), { refused: true });
    } finally {
      button.disabled = false;
      input.focus();
    }
  }

  /** At most once a while, however many come in together. */
  #loadSoon() {
    this.#timer ||= setTimeout(() => this.#load(), LOAD_AFTER_MS);
  }

  async #load() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const slug = this.#slug;
    if (!this.#lists) return this.#draw([]);
    try {
      const { invitations } = await api.get(`/rooms/${slug}/invitations`);
      if (slug === this.#slug) this.#draw(invitations);
    } catch {
      // It is said where somebody asks for something.
    }
  }

  #draw(invitations) {
    show(this.list, invitations.length > 0);
    reconcile(this.list, invitations, {
      keyOf: ({ id }) => id,
      create: () => copy("t-invited"),
      update: (element, invitation) => {
        setText(one(".name", element), invitation.name);
        setText(one("[data-state]", element), invitation.role === "member" ? "invited" : `invited as ${invitation.role}`);
        const cancel = one("button", element);
        setText(cancel, "Cancel");
        cancel.setAttribute("aria-label", `Cancel the invitation of ${invitation.name}`);
        cancel.onclick = () => this.#cancel(invitation);
      },
    });
  }

  async #cancel({ id }) {
    try {
      await api.remove(`/rooms/${this.#slug}/invitations/${id}`);
    } catch (refused) {
      this.#say(wordsOf(refused), { refused: true });
    }
    await this.#load();
  }

  #say(words, { refused = false } = {}) {
    const said = one("[data-invite-said]", this.form);
    setText(said, words);
    said.classList.toggle("refused", refused);
  }
}
