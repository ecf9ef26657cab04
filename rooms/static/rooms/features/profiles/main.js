// Names lead to their owners' cards: of authors, of members, and of whatever else says whose it is by
// `data-person`, the person's id.

import { addShortcut, personActions } from "../../core/extensions.js";
import { stage } from "../../stream/first.js";
import { one } from "../../ui/dom.js";
import { stopsWithin } from "../../ui/roving.js";
import { Card } from "./card.js";

const card = new Card();

document.addEventListener("click", ({ target }) => {
  const element = /** @type {Element} */ (target);
  const name = /** @type {HTMLElement | null} */ (element.closest("[data-person]") ?? besides(element));
  const { room } = stage;
  if (!name?.dataset.person || !room) return;
  card.open({ id: Number(name.dataset.person), name: name.textContent ?? "" }, name, room);
});

/** By hand an author's picture does what their name does.
 *  @param {Element} element */
const besides = (element) => element.closest(".message > .avatar")?.parentElement?.querySelector("[data-person]");

personActions.push({
  name: "profile",
  label: () => "Edit your profile",
  allowed: ({ id }, { user }) => id === user.id,
  run: async () => location.assign("/profile/"),
});

addShortcut({ keys: "Enter", words: "On a name: their card; Tab leads from a message to its author", group: "In the conversation" });

// A message that goes on from the one above shows no name.
stopsWithin(one("[data-entries]"), (entry) => entry.querySelectorAll(":scope:not(.grouped) .by [data-person]"));
