// The moderation log of a room, in a dialog: asked for when somebody looks, the last first.

import * as api from "../../core/api.js";
import * as clock from "../../core/clock.js";
import { nameOf } from "../../ui/avatar.js";
import { exactTime, moment } from "../../ui/dates.js";
import { copy, one, setText, show } from "../../ui/dom.js";
import { isolated, wordsOf } from "../../ui/text.js";

/** @import { Room, RoomState } from "../../core/shapes.js" */
/** @typedef {{ id: number, name: string } | null} Somebody */
/** @typedef {{ id: number, at: string, action: string, actor: Somebody, target: Somebody, name: string, reason: string, details: string }} LogEntry */

/** @type {Record<string, (whom: string) => string>} */
const DONE = {
  remove: (whom) => `removed ${whom}`,
  ban: (whom) => `banned ${whom}`,
  unban: (whom) => `lifted the ban of ${whom}`,
  mute: (whom) => `muted ${whom}`,
  unmute: (whom) => `unmuted ${whom}`,
  role: (whom) => `gave ${whom} another role`,
  delete: (whom) => `deleted a message of ${whom}`,
  settings: () => "changed the settings",
};

/** What an entry says, in one sentence. Pure.
 *  @param {LogEntry} entry */
export function sentence({ actor, action, target, name }) {
  const whom = isolated(name || nameOf(target));
  return `${actor ? isolated(actor.name) : "The site's staff"} ${(DONE[action] ?? (() => action))(whom)}`;
}

/** Whether this person may read it, as far as the page knows. Pure.
 *  @param {RoomState} state */
export const mayReadLog = ({ room, may }) => Boolean(room.role && room.visibility !== "direct" && (room.open_log || may?.[room.role]?.log));

export class ModerationLog {
  #room;
  #slug = "";
  /** @type {string | null} */
  #next = null;
  // How often it was opened: what an opening before asked for is not shown in this one.
  #turn = 0;

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.element = copy("t-moderation");
    this.dialog = one("[data-moderation]");
    this.list = one("[data-moderation-list]");
    this.older = one("[data-moderation-older]");
    one("[data-moderation-open]", this.element).addEventListener("click", () => this.#open());
    this.older.addEventListener("click", () => this.#next && this.#load(this.#next, api.follow));
    one("[data-moderation-close]", this.dialog).addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** @param {RoomState} state */
  update(state) {
    const allowed = mayReadLog(state);
    show(this.element, allowed);
    if (this.dialog.open && (!allowed || state.room.slug !== this.#slug)) this.dialog.close();
  }

  #open() {
    this.#slug = this.#room.slug;
    this.#next = null;
    this.#turn += 1;
    this.list.replaceChildren();
    show(one("[data-moderation-empty]", this.dialog), false);
    this.dialog.showModal();
    this.#load(`/rooms/${this.#slug}/moderation-log`, api.get);
  }

  /** @param {string} address
   *  @param {(address: string) => Promise<{ entries: LogEntry[], next: string | null }>} ask */
  async #load(address, ask) {
    const turn = this.#turn;
    const error = one("[data-moderation-error]", this.dialog);
    show(error, false);
    this.older.disabled = true;
    try {
      const { entries, next } = await ask(address);
      if (turn !== this.#turn) return;
      this.#next = next;
      this.list.append(...entries.map(drawn));
    } catch (refused) {
      setText(error, wordsOf(refused));
      show(error, true);
    } finally {
      this.older.disabled = false;
    }
    show(this.older, this.#next !== null);
    show(this.list, this.list.children.length > 0);
    show(one("[data-moderation-empty]", this.dialog), !this.list.children.length && error.hidden);
  }
}

/** @param {LogEntry} entry */
function drawn(entry) {
  const element = copy("t-moderation-entry");
  const time = one("time", element);
  time.dateTime = entry.at;
  time.title = exactTime(entry.at);
  setText(time, moment(entry.at, clock.now()));
  setText(one("[data-sentence]", element), sentence(entry));
  const more = [entry.details, entry.reason && `“${entry.reason}”`].filter(Boolean).join(" · ");
  const said = one("[data-said]", element);
  setText(said, more);
  show(said, more !== "");
  return element;
}
