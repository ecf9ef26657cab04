// The list of a person's rooms: those with something unread first, then rooms, then direct ones.

import { paintAvatar } from "../ui/avatar.js";
import { copy, one, reconcile, roomIcon, setIcon, setText, show } from "../ui/dom.js";
import { byName, count, counted } from "../ui/text.js";
import { ListKeys } from "../ui/list-keys.js";

/** @import { RoomRow } from "../core/shapes.js" */

// A badge shows no higher number, but "999+".
const MOST_UNREAD = 999;
const MOST_MENTIONS = 99;

/** The rooms with what each counts as unread, in sections. Pure. `attended` is read as it comes;
 *  `kept` stands under "Unread" although it is read, or it would move from under the hand.
 *  @param {RoomRow[]} rooms
 *  @param {string | null} attended
 *  @param {string | null} kept */
export function sections(rooms, attended, kept = null) {
  const listed = rooms.map((room) => ({ ...room, unread: room.slug === attended ? 0 : room.unread, mentions: room.slug === attended ? 0 : mentionsOf(room) }));
  listed.sort((a, b) => byName(a.name, b.name));
  const isNews = (room) => room.unread > 0 || room.slug === kept;
  const news = listed.filter(isNews);
  const rest = listed.filter((room) => !isNews(room));
  return [
    { name: "Unread", rooms: news },
    { name: "Rooms", rooms: rest.filter((room) => room.visibility !== "direct") },
    { name: "Direct", rooms: rest.filter((room) => room.visibility === "direct") },
  ].filter((section) => section.rooms.length);
}

/** What is told of unread messages may come a moment later than who is mentioned in them. */
const mentionsOf = ({ unread, mentions }) => (unread ? mentions : 0);

export const unreadOf = (rooms, attended) =>
  rooms.reduce((sum, room) => sum + (room.slug === attended ? 0 : room.unread), 0);

export class Sidebar {
  /** @type {string | null} */
  #current = null;
  /** @type {string | null} */
  #kept = null;

  constructor(nav) {
    this.nav = nav;
    this.keys = new ListKeys(nav);
  }

  /** The slug of the room `step` rooms further on in the list, of those with something unread if
   *  `news`; null when there is none. */
  beside(slug, step, news) {
    const links = [...this.nav.querySelectorAll("a[data-room]")];
    const at = links.findIndex((link) => link.dataset.room === slug);
    const above = links.slice(0, Math.max(0, at));
    const below = links.slice(at + 1);
    const order = step > 0 ? [...below, ...above] : [...above.reverse(), ...below.reverse()];
    return order.find((link) => !news || link.dataset.unread)?.dataset.room ?? null;
  }

  /** A room may be on its way, and wait for what `words` say.
   *  @param {RoomRow[]} rooms
   *  @param {string | null} current
   *  @param {string | null} attended
   *  @param {[string | null, string | null]} onItsWay */
  draw(rooms, current, attended, [wanted, words] = [null, null]) {
    if (!rooms.length) return this.#drawEmpty();
    one(".empty-list", this.nav)?.remove();
    if (current !== this.#current) {
      this.#kept = rooms.some((room) => room.slug === current && room.unread > 0) ? current : null;
      this.#current = current;
    }
    reconcile(this.nav, sections(rooms, attended, this.#kept), {
      keyOf: (section) => section.name,
      create: ({ name }) => {
        const element = copy("t-section");
        element.dataset.section = name.toLowerCase();
        setText(one("h2", element), name);
        return element;
      },
      update: (element, section) =>
        reconcile(one("ul", element), section.rooms, {
          keyOf: (room) => room.slug,
          create: link,
          update: (item, room) => update(item.firstElementChild, room, current, room.slug === wanted ? words : null),
        }),
    });
    this.keys.refresh();
  }

  #drawEmpty() {
    if (one(".empty-list", this.nav)) return;
    this.nav.replaceChildren();
    this.nav.known = new Map();
    const hint = document.createElement("p");
    hint.className = "empty-list";
    hint.append("You are in no room yet. ", Object.assign(document.createElement("a"), { href: "/rooms/", textContent: "Find one to join" }), ".");
    this.nav.append(hint);
  }
}

function link(room) {
  const item = document.createElement("li");
  const element = copy("t-room-link");
  element.dataset.room = room.slug;
  element.href = `/rooms/${room.slug}/`;
  // Somebody, in place of a sign of what kind of room it is.
  if (room.visibility === "direct") one(".icon", element).replaceWith(copy("t-room-avatar"));
  item.append(element);
  return item;
}

function update(element, room, current, words) {
  const avatar = one(".avatar", element);
  if (avatar) paintAvatar(avatar, room.name);
  else setIcon(element, roomIcon(room));
  setText(one(".name", element), room.name);
  const badge = one("[data-count]", element);
  show(badge, room.unread > 0);
  setText(badge, room.unread > MOST_UNREAD ? `${MOST_UNREAD}+` : count(room.unread));
  badge.setAttribute("aria-label", counted(room.unread, "unread message"));
  const mentions = one("[data-mentions]", element);
  show(mentions, room.mentions > 0);
  setText(mentions, `@${room.mentions > MOST_MENTIONS ? `${MOST_MENTIONS}+` : count(room.mentions)}`);
  mentions.setAttribute("aria-label", counted(room.mentions, "mention of you", "mentions of you"));
  if (room.unread > 0) element.dataset.unread = room.unread;
  else delete element.dataset.unread;
  const opening = one("[data-opening]", element);
  show(opening, words !== null);
  setText(opening, words ?? "");
  if (room.slug === current) element.setAttribute("aria-current", "page");
  else element.removeAttribute("aria-current");
}
