// What can be changed of a room, in a dialog: its name, its topic, who can see it, whether it is archived.

import * as api from "../../core/api.js";
import { one, setText, show } from "../../ui/dom.js";

export class Settings {
  #room;

  constructor(room) {
    this.#room = room;
    this.button = one("[data-settings-open]");
    this.dialog = one("[data-settings]");
    this.form = one("form", this.dialog);
    this.error = one("[data-settings-error]", this.dialog);
    this.button.addEventListener("click", () => this.#show());
    one("[data-settings-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    one("[data-archive]", this.dialog).addEventListener("click", () => this.#save({ archived: !this.#room.state.room.archived }));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(this.#changed());
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  update({ room, may }) {
    const allowed = may?.[room.role];
    show(this.button, Boolean(allowed?.change || allowed?.archive));
    if (this.dialog.open && !allowed?.change) this.dialog.close();
  }

  #show() {
    const { room, may } = this.#room.state;
    const allowed = may[room.role];
    const { name, topic, visibility } = this.form.elements;
    name.value = room.name;
    topic.value = room.topic;
    visibility.value = room.visibility;
    show(visibility.closest(".field"), room.visibility !== "direct");
    // Of what may not be chosen, the choice that stands is shown.
    for (const option of visibility.options) option.disabled = option.value !== room.visibility && !allowed.visibility.includes(option.value);
    setText(one("[data-archive]", this.dialog), room.archived ? "Open the room again" : "Archive the room");
    setText(one("[data-archive-words]", this.dialog), room.archived ? "People can write again." : "It can be read then, not written. You can open it again.");
    show(one("[data-archive-section]", this.dialog), allowed.archive);
    this.#say(null);
    this.dialog.showModal();
  }

  #changed() {
    const { room } = this.#room.state;
    const wanted = Object.fromEntries(new FormData(this.form));
    return Object.fromEntries(Object.entries(wanted).map(([field, value]) => [field, String(value).trim()]).filter(([field, value]) => value !== room[field]));
  }

  async #save(changes) {
    if (!Object.keys(changes).length) return this.dialog.close();
    const buttons = this.dialog.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await api.patch(`/rooms/${this.#room.slug}`, changes);
      this.dialog.close();
    } catch (refused) {
      this.#say(refused.message);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  #say(words) {
    setText(this.error, words ?? "");
    show(this.error, words !== null);
  }
}
