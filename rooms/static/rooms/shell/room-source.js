// The rooms that Ctrl-K finds. One's own are there at once; all others are asked for as one types.

import * as api from "../core/api.js";
import { roomIcon } from "../ui/dom.js";
import { byName } from "../ui/text.js";

const MOST_ROOMS = 12;

/** Rooms for `words`, best first. Pure. Names that begin with them come before those that hold them. */
export function matching(rooms, words) {
  const wanted = words.trim().toLocaleLowerCase();
  const each = wanted.split(/\s+/);
  const rank = ({ name, slug }) => {
    const lower = name.toLocaleLowerCase();
    if (lower.startsWith(wanted) || slug.startsWith(wanted)) return 0;
    if (lower.includes(` ${wanted}`)) return 1;
    return each.every((word) => lower.includes(word) || slug.includes(word)) ? 2 : 3;
  };
  return rooms
    .map((room) => ({ room, rank: rank(room) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || Number(b.room.role !== null) - Number(a.room.role !== null) || byName(a.room.name, b.room.name))
    .slice(0, MOST_ROOMS)
    .map((found) => found.room);
}

/** `own()` gives the person's rooms; `open(slug)` goes to one. */
export function roomSource({ own, open }) {
  let others = [];
  return {
    find(words) {
      const mine = own();
      const known = new Set(mine.map((room) => room.slug));
      return matching([...mine, ...others.filter((room) => !known.has(room.slug))], words).map((room) => ({
        key: `room:${room.slug}`,
        icon: roomIcon(room),
        text: room.name,
        note: room.role === null ? "not joined" : "",
        address: `/rooms/${room.slug}/`,
        open: () => open(room.slug),
      }));
    },
    async ask(words) {
      others = (await api.get("/rooms", { q: words || null })).rooms;
    },
  };
}
