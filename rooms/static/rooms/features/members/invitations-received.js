// Invitations that a person has: beside the list of rooms, and in the directory, with yes and no.

import * as api from "../../core/api.js";
import { copy, one, reconcile, roomIcon, setIcon, setText, show } from "../../ui/dom.js";
import { nameOf } from "../../ui/avatar.js";
import { wordsOf } from "../../ui/text.js";

export class Received {
  #open;
  #gone;

  /** `open(slug)` goes to a room; `gone(slug)` is called when an invitation is answered. */
  constructor({ open, gone }) {
    this.#open = open;
    this.#gone = gone;
  }

  draw(invitations) {
    for (const holder of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-received]"))) {
      show(holder, invitations.length > 0);
      reconcile(one("ul", holder), invitations, {
        keyOf: ({ room }) => room.slug,
        create: () => copy("t-received"),
        update: (element, invitation) => this.#update(element, invitation),
      });
    }
  }

  #update(element, { room, by }) {
    element.dataset.invitation = room.slug;
    setIcon(element, roomIcon(room));
    setText(one(".name", element), room.name);
    setText(one("[data-by]", element), `${nameOf(by)} invites you`);
    const [accept, decline] = [one("[data-accept]", element), one("[data-decline]", element)];
    accept.setAttribute("aria-label", `Join ${room.name}`);
    decline.setAttribute("aria-label", `Decline the invitation to ${room.name}`);
    accept.onclick = () => this.#answer(element, room.slug, "join");
    decline.onclick = () => this.#answer(element, room.slug, "decline");
  }

  async #answer(element, slug, answer) {
    const error = one("[data-refusal]", element);
    show(error, false);
    for (const button of element.querySelectorAll("button")) button.disabled = true;
    try {
      await api.post(`/rooms/${slug}/${answer}`);
      this.#gone(slug);
      if (answer === "join") this.#open(slug);
    } catch (refused) {
      // What is not there any more needs no answer.
      if (refused instanceof api.Refused && refused.status === 404) return this.#gone(slug);
      setText(error, wordsOf(refused));
      show(error, true);
    } finally {
      for (const button of element.querySelectorAll("button")) button.disabled = false;
    }
  }
}
