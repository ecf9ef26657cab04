// What can be done with a message: one bar, which goes to the message that is pointed at or has the
// keyboard. A room of hundreds of messages has it once.

import { messageActions } from "../core/extensions.js";
import { copy, one, setIcon } from "../ui/dom.js";

// A finger's tap is told as a click up to this much later.
const TAP_MS = 350;

export class MessageActions {
  #of = null;
  #row = null; // what that showed when its buttons were made
  #offered = []; // what they do
  #room;

  constructor(list, room) {
    this.#room = room;
    this.bar = copy("t-message-actions");
    list.addEventListener("pointerover", ({ target, pointerType }) => {
      if (pointerType === "touch" && !this.bar.contains(target)) this.#arrive();
      // The bar stays while the keyboard focus is inside it.
      if (!this.bar.contains(document.activeElement)) this.#show(target.closest(".message"));
    });
    list.addEventListener("focusin", ({ target }) => {
      if (!this.bar.contains(target)) this.#show(target.closest(".message"));
    });
  }

  /** A finger that brings the bar to a message does not press what comes to lie under it. */
  #arrive() {
    this.bar.classList.add("arriving");
    const lifted = new AbortController();
    const lift = () => {
      lifted.abort();
      setTimeout(() => this.bar.classList.remove("arriving"), TAP_MS);
    };
    for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, lift, { signal: lifted.signal });
  }

  #show(message) {
    if (!message || message.dataset.state !== "sent") return;
    const offered = actionsOf(message, this.#room);
    const same = this.#offered.length === offered.length && offered.every((action, index) => action === this.#offered[index]);
    if (same && message === this.#of && message.row === this.#row && this.bar.isConnected) return;
    [this.#of, this.#row, this.#offered] = [message, message.row, offered];
    this.bar.replaceChildren(...offered.map((action) => this.#button(action, message)));
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
  if (entry?.kind !== "message" || pending || entry.value.deleted) return [];
  return messageActions.filter(({ allowed }) => allowed?.(entry.value, room.state) ?? true);
}

/** Do what `key` does with a message that has the keyboard; returns whether it does something. */
export function actByKey(element, key, room) {
  const action = actionsOf(element, room).find((each) => each.key === key.toLowerCase());
  action?.run(element.row.entry.value, room);
  return action !== undefined;
}
