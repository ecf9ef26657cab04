// What can be changed of a room, in a dialog: what it says of itself, who can see it, who may post and how
// often, whether newcomers are in it, whether it is archived.

import * as api from "../../core/api.js";
import { one, setText, show } from "../../ui/dom.js";
import { duration, wordsOf } from "../../ui/text.js";

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

  update({ room, may, extra }) {
    const allowed = may?.[room.role];
    const changes = allowed?.change || extra.may_set_default;
    show(this.button, Boolean(changes || allowed?.archive));
    if (this.dialog.open && !changes) this.dialog.close();
  }

  #show() {
    const { room, may, extra } = this.#room.state;
    // Of the site's staff not everybody has a role here.
    const allowed = may[room.role] ?? { visibility: [] };
    const { name, topic, description, visibility, who_posts, slow_mode, edit_window, open_log, default: newcomers } = this.form.elements;
    name.value = room.name;
    topic.value = room.topic;
    description.value = room.description ?? "";
    who_posts.value = room.who_posts ?? "members";
    offer(slow_mode, room.slow_mode ?? 0, (seconds) => `One message in ${duration(seconds)}`);
    for (const each of [who_posts, slow_mode]) show(each.closest(".field"), Boolean(allowed.restrict));
    visibility.value = room.visibility;
    offer(edit_window, room.edit_window);
    open_log.checked = room.open_log ?? false;
    show(open_log.closest(".check"), room.visibility !== "direct" && Boolean(allowed.change));
    newcomers.checked = room.default ?? false;
    show(newcomers.closest(".check"), Boolean(extra.may_set_default));
    for (const each of [name, topic, description, edit_window]) show(each.closest(".field"), Boolean(allowed.change));
    show(visibility.closest(".field"), room.visibility !== "direct" && Boolean(allowed.change));
    // Of what may not be chosen, the choice that stands is shown.
    for (const option of visibility.options) option.disabled = option.value !== room.visibility && !allowed.visibility.includes(option.value);
    setText(one("[data-archive]", this.dialog), room.archived ? "Open the room again" : "Archive the room");
    setText(one("[data-archive-words]", this.dialog), room.archived ? "People can write again." : "It can be read then, not written. You can open it again.");
    show(one("[data-archive-section]", this.dialog), Boolean(allowed.archive));
    this.#say(null);
    this.dialog.showModal();
  }

  #changed() {
    const { room } = this.#room.state;
    const { default: newcomers, open_log: openLog, ...wanted } = Object.fromEntries(new FormData(this.form));
    const given = Object.entries(wanted).map(([field, value]) => [field, String(value).replaceAll("\r\n", "\n").trim()]);
    const changed = Object.fromEntries(given.filter(([field, value]) => value !== String(room[field])));
    for (const field of ["edit_window", "slow_mode"]) {
      if (/^\d+$/.test(changed[field] ?? "")) changed[field] = Number(changed[field]);
    }
    const isOpen = openLog !== undefined;
    if (isOpen !== (room.open_log ?? false)) changed.open_log = isOpen;
    const isDefault = newcomers !== undefined;
    if (isDefault !== (room.default ?? false)) changed.default = isDefault;
    return changed;
  }

  async #save(changes) {
    if (!Object.keys(changes).length) return this.dialog.close();
    const buttons = this.dialog.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await api.patch(`/rooms/${this.#room.slug}`, changes);
      this.dialog.close();
    } catch (refused) {
      this.#say(wordsOf(refused));
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  #say(words) {
    setText(this.error, words ?? "");
    show(this.error, words !== null);
  }
}

/** Have a list of choices show `value`, also where it is none of those that stand there. */
function offer(select, value, words = (seconds) => `For ${duration(seconds)}`) {
  select.querySelector("[data-other]")?.remove();
  select.value = String(value);
  if (select.value === String(value)) return;
  const other = new Option(words(value), String(value), true, true);
  other.dataset.other = "";
  select.add(other);
}
