// What can be done with a message: one bar, which goes to the message that is pointed at or has the
// keyboard. A room of hundreds of messages has it once.

import { messageActions } from "../core/extensions.js";
import { copy, one, setIcon } from "../ui/dom.js";

export class MessageActions {
  #of = null;
  #room;

  constructor(list, room) {
    this.#room = room;
    this.bar = copy("t-message-actions");
    list.addEventListener("pointerover", ({ target }) => {
      // The bar stays while the keyboard focus is inside it.
      if (!this.bar.contains(document.activeElement)) this.#show(target.closest(".message"));
    });
    list.addEventListener("focusin", ({ target }) => this.#show(target.closest(".message")));
  }

  #show(message) {
    if (!message || (message === this.#of && this.bar.isConnected) || message.dataset.state !== "sent") return;
    this.#of = message;
    this.bar.replaceChildren(...actionsOf(message, this.#room).map((action) => this.#button(action, message)));
    if (this.bar.firstChild) one(".bubble", message).append(this.bar);
    else this.bar.remove();
  }

  #button({ name, label, title, icon, key, run }, message) {
    const button = copy("t-message-action");
    button.dataset.action = name;
    button.title = key ? `${title} (${key.toUpperCase()})` : title;
    button.setAttribute("aria-label", label(message.row.entry.value));
    setIcon(button, icon);
    button.addEventListener("click", () => run(message.row.entry.value, this.#room));
    return button;
  }
}

/** What can be done with the message that an element of the stream shows. */
function actionsOf(element, room) {
  const { entry, pending } = element.row ?? {};
  if (entry?.kind !== "message" || pending) return [];
  return messageActions.filter(({ allowed }) => allowed?.(entry.value, room.state) ?? true);
}

/** Do what `key` does with a message that has the keyboard; returns whether it does something. */
export function actByKey(element, key, room) {
  const action = actionsOf(element, room).find((each) => each.key === key.toLowerCase());
  action?.run(element.row.entry.value, room);
  return action !== undefined;
}
