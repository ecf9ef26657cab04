// The members of a room in the right column: who they are, who is here, and what one may do to them.

import * as api from "../../core/api.js";
import { memberActions, memberMarks } from "../../core/extensions.js";
import { copy, one, reconcile, setIcon, setText, show } from "../../ui/dom.js";
import { paintAvatar } from "../../ui/avatar.js";
import { byName, count, wordsOf } from "../../ui/text.js";
import { confirmed } from "../../ui/confirm.js";

const RANK = { owner: 0, moderator: 1, member: 2 };
const NOTHING = { roles: [], remove: false, ban: false };

/** Who is here first, then by role, then by name. Pure. */
export function inOrder(members, present) {
  const away = ({ user }) => Number(!present?.has(user.id));
  return [...members].sort((a, b) => away(a) - away(b) || RANK[a.role] - RANK[b.role] || byName(a.user.name, b.user.name));
}

/** What this person may do to a member, as the page's state says. Pure. */
export function actionsOn(state, member) {
  const allowed = state.may?.[state.room.role]?.members[member.role] ?? NOTHING;
  const own = member.user.id === state.user.id;
  // One leaves by oneself.
  return own ? { ...allowed, remove: false, ban: false } : allowed;
}

export class Members {
  #room;
  #drawn = {};
  #open = null;

  constructor(room) {
    this.#room = room;
    this.list = one("[data-members]");
    this.error = one("[data-members-error]");
  }

  update(state) {
    const { room, members, present } = state;
    const same = this.#drawn.room === room && this.#drawn.members === members && this.#drawn.present === present;
    if (same) return;
    if (this.#drawn.room?.slug !== room.slug) this.#say(null);
    this.#drawn = { room, members, present };
    const all = room.members ?? members.length;
    setText(one("[data-member-count]"), count(all));
    // In a large room it is told how many are here, not who.
    setText(one("[data-members-number]"), typeof present === "number" ? `${count(all)}, ${count(present)} here` : count(all));
    const here = Array.isArray(present) ? new Set(present.map((person) => person.id)) : null;
    reconcile(this.list, inOrder(members, here), {
      keyOf: (member) => member.user.id,
      create: ({ user }) => this.#row(user),
      update: (element, member) => this.#drawRow(element, member, here),
    });
    const more = one("[data-members-more]");
    show(more, all > members.length);
    setText(more, `and ${count(all - members.length)} more`);
  }

  #row(user) {
    const element = copy("t-member");
    one("[data-person]", element).dataset.person = user.id;
    one("[data-more]", element).addEventListener("click", () => this.#unfold(this.#open === user.id ? null : user.id));
    return element;
  }

  #drawName(element, { name }) {
    if (element.dataset.member === name) return;
    element.dataset.member = name;
    paintAvatar(one(".avatar", element), name);
    setText(one(".name", element), name);
    one(".name", element).title = name;
    one("[data-more]", element).setAttribute("aria-label", `What can be done about ${name}`);
  }

  #drawRow(element, member, here) {
    this.#drawName(element, member.user);
    const isHere = Boolean(here?.has(member.user.id));
    setText(one("[data-role]", element), member.role === "member" ? "" : member.role);
    const dot = one("[data-dot]", element);
    dot.hidden = !here;
    dot.classList.toggle("off", !isHere);
    dot.setAttribute("aria-label", isHere ? "here" : "away");
    element.toggleAttribute("data-present", isHere);
    this.#drawMarks(one("[data-marks]", element), member);
    const allowed = actionsOn(this.#room.state, member);
    const more = memberActions.filter((action) => action.allowed(member, this.#room.state));
    const any = allowed.roles.length > 0 || allowed.remove || allowed.ban || more.length > 0;
    show(one("[data-more]", element), any);
    const open = any && this.#open === member.user.id;
    this.#drawActions(one("[data-actions]", element), member, open ? allowed : NOTHING, open ? more : []);
    one("[data-more]", element).setAttribute("aria-expanded", this.#open === member.user.id);
  }

  #drawMarks(holder, member) {
    const marks = memberMarks.map(({ name, icon, of }) => ({ name, icon, words: of(member) })).filter(({ words }) => words !== null);
    reconcile(holder, marks, {
      keyOf: ({ name }) => name,
      create: () => copy("t-member-mark"),
      update: (element, { name, icon, words }) => {
        element.dataset.mark = name;
        setIcon(element, icon);
        element.setAttribute("aria-label", words);
        element.title = words;
      },
    });
  }

  #drawActions(holder, member, allowed, more) {
    const does = (run) => () => this.#ask(member.user, () => run(member, this.#room));
    const added = more.map(({ name, label, danger, run }) => ({ key: name, text: label, danger, run: does(run) }));
    const offered = [
      ...allowed.roles.map((role) => ({ key: role, text: `Make ${role}`, run: () => this.#changeRole(member, role) })),
      ...added,
      allowed.remove && { key: "remove", text: "Remove", danger: true, run: () => this.#remove(member) },
      allowed.ban && { key: "ban", text: "Ban", danger: true, run: () => this.#ban(member) },
    ].filter(Boolean);
    show(holder, offered.length > 0);
    reconcile(holder, offered, {
      keyOf: ({ key }) => key,
      create: () => Object.assign(document.createElement("button"), { type: "button", className: "button small" }),
      update: (button, { text, danger, run }) => {
        setText(button, text);
        button.classList.toggle("danger", Boolean(danger));
        button.onclick = run;
      },
    });
  }

  #unfold(id) {
    this.#open = id;
    this.#drawn = {};
    this.update(this.#room.state);
  }

  #changeRole({ user }, role) {
    return this.#ask(user, () => api.patch(`${this.#path}/members/${user.id}`, { role }));
  }

  async #remove({ user }) {
    const { name, visibility } = this.#room.state.room;
    const words = visibility === "public"
      ? `${user.name} can come back, as the room is public: ban them to prevent it.`
      : `Only an invitation brings ${user.name} back.`;
    if (!(await confirmed({ title: `Remove ${user.name} from ${name}?`, words, action: "Remove" }))) return;
    await this.#ask(user, () => api.remove(`${this.#path}/members/${user.id}`));
  }

  async #ban({ user }) {
    const words = `${user.name} leaves the room and cannot see it or come back until the ban is lifted.`;
    if (!(await confirmed({ title: `Ban ${user.name} from ${this.#room.state.room.name}?`, words, action: "Ban" }))) return;
    await this.#ask(user, () => api.post(`${this.#path}/bans`, { user: user.id }));
  }

  /** The room's event draws what came of it. */
  async #ask(user, request) {
    this.#say(null);
    try {
      await request();
      if (this.#open === user.id) this.#unfold(null);
      // The keyboard's place: the same row, or, when that is gone, the first.
      const row = this.list.known.get(user.id) ?? this.list;
      one("[data-more]:not([hidden])", row)?.focus();
    } catch (refused) {
      this.#say(wordsOf(refused));
    }
  }

  #say(words) {
    setText(this.error, words ?? "");
    show(this.error, words !== null);
  }

  get #path() {
    return `/rooms/${this.#room.slug}`;
  }
}
