// The right column: topic, members, and what other apps add. Closed on small screens at first.

import * as api from "../../core/api.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { panels } from "../../core/extensions.js";
import { paintAvatar } from "../../ui/avatar.js";
import { count } from "../../ui/text.js";

const KEY = "parley:details";
const WIDE = matchMedia("(min-width: 1024px)");
const RANK = { owner: 0, moderator: 1, member: 2 };

export class Details {
  #room;
  #drawn = {};

  constructor(room) {
    this.#room = room;
    this.shell = one("[data-shell]");
    this.element = one("[data-details]");
    this.toggle = one("[data-details-toggle]");
    this.panels = panels.map((panel) => panel(room));
    one("[data-panels]").append(...this.panels.map((panel) => panel.element));
    this.toggle.addEventListener("click", () => this.#open(!this.open));
    one("[data-details-close]").addEventListener("click", () => this.#open(false));
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && !WIDE.matches && this.#open(false));
    one("[data-leave]").addEventListener("click", () => this.#leave());
    WIDE.addEventListener("change", () => this.#set(WIDE.matches && kept()));
    this.#set(WIDE.matches && kept());
  }

  get open() {
    return this.shell.dataset.details === "open";
  }

  draw(state) {
    for (const panel of this.panels) panel.update(state);
    const { room, members, present } = state;
    const same = this.#drawn.room === room && this.#drawn.members === members && this.#drawn.present === present;
    if (same) return;
    this.#drawn = { room, members, present };
    setText(one("[data-member-count]"), count(room.members ?? members.length));
    // In a large room it is told how many are here, not who.
    const all = count(room.members ?? members.length);
    setText(one("[data-members-number]"), typeof present === "number" ? `${all}, ${count(present)} here` : all);
    setText(one("[data-about]"), room.topic || "No topic yet.");
    show(one("[data-leave-section]"), room.role !== null);
    this.#drawMembers(members, Array.isArray(present) ? new Set(present.map((person) => person.id)) : null);
  }

  #drawMembers(members, present) {
    const away = ({ user }) => Number(!present?.has(user.id));
    const listed = [...members].sort(
      (a, b) => away(a) - away(b) || RANK[a.role] - RANK[b.role] || a.user.name.localeCompare(b.user.name),
    );
    reconcile(one("[data-members]"), listed, {
      keyOf: (member) => member.user.id,
      create: ({ user }) => {
        const element = copy("t-member");
        element.dataset.member = user.name;
        paintAvatar(one(".avatar", element), user.name);
        setText(one(".name", element), user.name);
        return element;
      },
      update: (element, member) => {
        const here = Boolean(present?.has(member.user.id));
        setText(one("[data-role]", element), member.role === "member" ? "" : member.role);
        const dot = one("[data-dot]", element);
        dot.hidden = !present;
        dot.classList.toggle("off", !here);
        dot.setAttribute("role", "img");
        dot.setAttribute("aria-label", here ? "here" : "away");
        element.toggleAttribute("data-present", here);
      },
    });
  }

  async #leave() {
    const error = one("[data-leave-error]");
    show(error, false);
    try {
      await api.post(`/rooms/${this.#room.slug}/leave`);
      location.assign("/rooms/");
    } catch (refused) {
      setText(error, refused.message);
      show(error, true);
    }
  }

  #open(open) {
    this.#set(open);
    if (WIDE.matches) {
      try {
        localStorage.setItem(KEY, open ? "open" : "closed");
      } catch {
        // It holds for this page then.
      }
    }
    if (open) one("[data-details-close]").focus();
    else this.toggle.focus();
  }

  #set(open) {
    this.shell.dataset.details = open ? "open" : "closed";
    this.toggle.setAttribute("aria-expanded", open);
  }
}

function kept() {
  try {
    return localStorage.getItem(KEY) !== "closed";
  } catch {
    return true;
  }
}
