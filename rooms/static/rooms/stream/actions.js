// What can be done with a message: one bar, which goes to the message that is pointed at or has the
// keyboard. A room of hundreds of messages has it once.

import { copy, one } from "../ui/dom.js";
import { nameOf } from "../ui/avatar.js";
import { excerpt } from "../ui/text.js";

export class MessageActions {
  #of = null;

  /** `reply(message)` begins an answer. */
  constructor(list, { reply }) {
    this.bar = copy("t-message-actions");
    this.reply = one("[data-reply]", this.bar);
    this.reply.addEventListener("click", () => reply(this.#of.row.entry.value));
    list.addEventListener("pointerover", ({ target }) => {
      // Whoever is in it with the keyboard keeps it.
      if (!this.bar.contains(document.activeElement)) this.#show(target.closest(".message"));
    });
    list.addEventListener("focusin", ({ target }) => this.#show(target.closest(".message")));
  }

  #show(message) {
    if (!message || (message === this.#of && this.bar.isConnected) || message.dataset.state !== "sent") return;
    this.#of = message;
    const { author, body } = message.row.entry.value;
    this.reply.setAttribute("aria-label", `Reply to ${nameOf(author)}: ${excerpt(body)}`);
    one(".bubble", message).append(this.bar);
  }
}
