// Writing to somebody: the room between two is opened, and made where there is none.

import * as api from "../../core/api.js";
import { copy } from "../../ui/dom.js";
import { wordsOf } from "../../ui/text.js";
import { toast } from "../../ui/toast.js";

/** @import { RoomRow } from "../../core/shapes.js" */

const TYPED_LETTERS = 2;

/** Go to the room between the reader and somebody.
 *  @param {string} username */
export async function writeTo(username) {
  const { slug } = await api.post("/direct", { username });
  follow(slug);
}

/** As if a room of the list had been pressed: the page knows how to get there.
 *  @param {string} slug */
function follow(slug) {
  const link = copy("t-room-link");
  link.dataset.room = slug;
  link.href = `/rooms/${slug}/`;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
}

/** The people that Ctrl-K finds and who may be written to, but for those with whom there is a room:
 *  it stands among the rooms. `own()` gives the reader's rooms.
 *  @param {{ own(): RoomRow[] }} how
 *  @returns {import("../../core/shapes.js").FinderSource} */
export function peopleSource({ own }) {
  let people = [];
  let asked = "";
  return {
    find(words) {
      const wanted = words.trim().toLocaleLowerCase();
      if (!asked || !wanted.startsWith(asked)) return [];
      const known = new Set(own().map(({ other }) => other?.id));
      return people
        .filter(({ id, name, username }) => !known.has(id) && wanted.split(/\s+/).every((word) => `${name} ${username}`.toLocaleLowerCase().includes(word)))
        .map(({ id, name, username }) => ({
          key: `person:${id}`,
          icon: "bubble",
          text: `Write to ${name}`,
          note: username,
          open: () => writeTo(username).catch((refused) => toast(wordsOf(refused))),
        }));
    },
    async ask(words) {
      const wanted = words.trim().toLocaleLowerCase();
      if (wanted.length < TYPED_LETTERS) return;
      ({ people } = await api.get("/people", { q: wanted }));
      asked = wanted;
    },
  };
}
