// Shows notices while nobody looks at any page of the site in this browser: of several tabs one shows
// each, and where the person looks at one of them, none does.

import { levelOf, possible } from "./level.js";
import { noticesOf } from "./choose.js";

/** @import { PlainState, RoomEvent, RoomState } from "../../core/shapes.js" */
/** @import { Notice } from "./choose.js" */

// Held by each tab that is looked at.
const LOOKED_AT = "parley:looked-at";
const TELLING = "parley:telling";

export class DesktopNotices {
  #open;
  /** @type {(() => void) | null} */
  #release = null;

  /** `open(slug, message)` brings the person there; `message` may be null. */
  constructor(open) {
    this.#open = open;
    if (!possible()) return;
    for (const type of ["focus", "blur"]) window.addEventListener(type, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    this.#look();
  }

  /** What the socket has told, and what the page knew before.
   *  @param {RoomEvent[]} events
   *  @param {RoomState | PlainState} before */
  hear(events, before) {
    if (looking()) return;
    const level = levelOf(before.user.id);
    for (const notice of noticesOf(events, before, level)) this.#tell(notice, before).catch(console.warn);
  }

  #look() {
    if (looking() && !this.#release) {
      this.#release = () => {};
      navigator.locks.request(LOOKED_AT, { mode: "shared" }, () => new Promise((release) => {
        this.#release = () => release(undefined);
        if (!looking()) this.#look();
      })).catch(console.warn);
    } else if (!looking() && this.#release) {
      this.#release();
      this.#release = null;
    }
  }

  /** @param {Notice} notice
   *  @param {RoomState | PlainState} state */
  #tell({ room, seq, title, body, message }, { user, epoch }) {
    return navigator.locks.request(TELLING, async () => {
      const { held = [] } = await navigator.locks.query();
      if (held.some(({ name }) => name === LOOKED_AT) || !isFirst(`parley:told:${user.id}:${room}`, epoch, seq)) return;
      // A later one of the room takes the place of this one.
      const shown = new Notification(title, /** @type {NotificationOptions} */ ({ body, tag: `parley:${room}`, renotify: true, silent: true }));
      shown.onclick = () => {
        window.focus();
        shown.close();
        this.#open(room, message);
      };
    });
  }
}

const looking = () => !document.hidden && document.hasFocus();

/** Whether no tab has told of this position of a room yet.
 *  @param {string} key
 *  @param {string} epoch
 *  @param {number} seq */
function isFirst(key, epoch, seq) {
  try {
    const [of, told] = JSON.parse(localStorage.getItem(key) ?? "[]");
    if (of === epoch && told >= seq) return false;
    localStorage.setItem(key, JSON.stringify([epoch, seq]));
  } catch {
    // Then two tabs may tell of the same.
  }
  return true;
}
