// Who is banned from a room, for those who may lift it. Asked for when somebody looks.

import * as api from "../../core/api.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { wordsOf } from "../../ui/text.js";

export class Bans {
  #slug = null;
  #members = null;

  constructor() {
    this.element = one("[data-bans]");
    this.list = one("ul", this.element);
    this.form = one("form", this.element);
    this.element.addEventListener("toggle", () => this.element.open && this.#load());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ban(this.form.elements.user.value.trim());
    });
  }

  update({ room, may, members }) {
    show(this.element, may?.[room.role]?.members.member.ban === true);
    // A person who was removed may have been banned.
    const changed = members !== this.#members;
    this.#members = members;
    if (room.slug !== this.#slug) this.element.open = false;
    else if (changed && this.element.open) this.#load();
    this.#slug = room.slug;
  }

  async #load() {
    const slug = this.#slug;
    try {
      const { bans } = await api.get(`/rooms/${slug}/bans`);
      if (slug === this.#slug) this.#draw(bans);
    } catch (refused) {
      this.#say(wordsOf(refused));
    }
  }

  #draw(bans) {
    this.#say(bans.length ? null : "Nobody is banned.");
    reconcile(this.list, bans, {
      keyOf: (ban) => ban.user?.id ?? `name:${ban.name}`,
      create: () => copy("t-invited"),
      update: (element, ban) => {
        setText(one(".name", element), ban.name);
        setText(one("[data-state]", element), ban.reason || "banned");
        const lift = one("button", element);
        setText(lift, "Lift");
        lift.setAttribute("aria-label", `Lift the ban of ${ban.name}`);
        lift.onclick = () => this.#lift(ban);
      },
    });
  }

  async #ban(user) {
    if (!user) return;
    try {
      await api.post(`/rooms/${this.#slug}/bans`, { user });
      this.form.reset();
      await this.#load();
    } catch (refused) {
      this.#say(wordsOf(refused));
    }
  }

  async #lift({ user, name }) {
    // Of a stranger nothing but the name is known.
    const which = user ? `/${user.id}` : `?name=${encodeURIComponent(name)}`;
    try {
      await api.remove(`/rooms/${this.#slug}/bans${which}`);
      await this.#load();
    } catch (refused) {
      this.#say(wordsOf(refused));
    }
  }

  #say(words) {
    const element = one("[data-bans-said]", this.element);
    setText(element, words ?? "");
    show(element, words !== null);
  }
}
