// Files that are to be sent with the next message: they are on their way while one writes. Each room has
// its own.

import * as api from "../../core/api.js";
import { uuid } from "../../core/uuid.js";
import { copy, one, reconcile, setText, show } from "../../ui/dom.js";
import { bytes, wordsOf } from "../../ui/text.js";

/** @import { Attachment } from "../../core/shapes.js" */
/** @typedef {{ key: string, file: File | null, name: string, size: number, state: "waiting" | "going" | "there" | "failed",
 *   done: number, why: string, there: Attachment | null, stop: (() => void) | null }} Upload */

// As the server has it.
export const MOST_FILES = 10;
const AT_ONCE = 3;
// The server unpacks so many pictures at a time.
const MOST_ATTEMPTS = 6;
const BUSY_MS = 2000;

/** What is said of a file on its way. Pure.
 *  @param {Pick<Upload, "state" | "size" | "done" | "why">} upload */
export function factsOf({ state, size, done, why }) {
  if (state === "failed") return why;
  if (state === "going") return `${Math.floor(done * 100)} % of ${bytes(size)}`;
  return state === "waiting" ? "Waiting" : bytes(size);
}

/** @param {Attachment} there
 *  @returns {Upload} */
const arrived = (there) => ({ key: there.id, file: null, name: there.name, size: there.size, state: "there", done: 1, why: "", there, stop: null });

export class Uploads {
  /** @type {Map<string, Upload[]>} */
  #ofRooms = new Map();
  #slug = "";
  #changed;

  /** `changed` is called when something can be sent that could not, or the other way round.
   *  @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.element = copy("t-uploads");
    this.list = one("ul", this.element);
    this.said = one("[data-uploads-said]", this.element);
    this.input = one("[data-uploads-input]", this.element);
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = "";
    });
  }

  enter(slug) {
    this.#slug = slug;
    setText(this.said, "");
    this.#draw();
  }

  /** Ask for files. */
  choose() {
    this.input.click();
  }

  /** @param {File[]} files */
  add(files) {
    const here = this.#here;
    for (const file of files) {
      const full = here.length >= MOST_FILES;
      here.push({
        key: uuid(),
        file: full ? null : file,
        name: file.name || "file",
        size: file.size,
        state: full ? "failed" : "waiting",
        done: 0,
        why: full ? `At most ${MOST_FILES} files go with a message.` : "",
        there: null,
        stop: null,
      });
    }
    this.#go(this.#slug);
  }

  get #here() {
    const here = this.#ofRooms.get(this.#slug) ?? [];
    this.#ofRooms.set(this.#slug, here);
    return here;
  }

  get any() {
    return this.#here.length > 0;
  }

  get going() {
    return this.#here.some(({ state }) => state === "waiting" || state === "going");
  }

  get failed() {
    return this.#here.some(({ state }) => state === "failed");
  }

  /** Those that are there: they belong to a message from now on.
   *  @returns {Attachment[]} */
  take() {
    const files = this.#here.flatMap(({ there }) => there ?? []);
    this.#ofRooms.delete(this.#slug);
    this.#draw();
    return files;
  }

  /** The message was refused.
   *  @param {Attachment[]} files */
  putBack(files) {
    this.#here.unshift(...files.map(arrived));
    this.#draw();
  }

  #go(slug) {
    const all = this.#ofRooms.get(slug) ?? [];
    const going = all.filter(({ state }) => state === "going").length;
    for (const next of all.filter(({ state }) => state === "waiting").slice(0, Math.max(0, AT_ONCE - going))) this.#begin(slug, next);
    this.#draw();
  }

  /** @param {Upload} each */
  async #begin(slug, each, attempt = 1) {
    each.state = "going";
    each.why = "";
    const { answer, stop } = api.upload(`/rooms/${slug}/uploads`, /** @type {File} */ (each.file), (done) => {
      each.done = done;
      this.#draw();
    });
    each.stop = stop;
    try {
      each.there = await answer;
      each.state = "there";
      setText(this.said, `${each.name} is ready to be sent`);
    } catch (refused) {
      if (refused instanceof api.Refused && refused.status === 503 && attempt < MOST_ATTEMPTS) {
        const wait = setTimeout(() => this.#begin(slug, each, attempt + 1), BUSY_MS * (1 + Math.random()));
        each.stop = () => clearTimeout(wait);
        return;
      }
      each.state = "failed";
      each.why = wordsOf(refused);
      setText(this.said, `${each.name}: ${each.why}`);
    }
    each.stop = null;
    this.#go(slug);
    this.#changed();
  }

  /** @param {Upload} each */
  #remove(each) {
    const here = this.#here;
    here.splice(here.indexOf(each), 1);
    each.stop?.();
    // Should it stay behind, the server sweeps it away.
    if (each.there) api.remove(`/uploads/${each.there.id}`).catch(() => {});
    this.#go(this.#slug);
    this.#changed();
  }

  #draw() {
    const here = this.#ofRooms.get(this.#slug) ?? [];
    show(this.element, here.length > 0);
    reconcile(this.list, here, {
      keyOf: ({ key }) => key,
      create: () => copy("t-upload"),
      update: (element, each) => {
        element.dataset.state = each.state;
        setText(one(".name", element), each.name);
        setText(one("[data-facts]", element), factsOf(each));
        const progress = one("progress", element);
        show(progress, each.state === "going");
        progress.value = each.done * 100;
        progress.setAttribute("aria-label", `${each.name} is on its way`);
        const again = one("[data-again]", element);
        show(again, each.state === "failed" && each.file !== null);
        again.onclick = () => {
          each.state = "waiting";
          this.#go(this.#slug);
        };
        const remove = one("[data-remove]", element);
        remove.setAttribute("aria-label", `Do not send ${each.name}`);
        remove.onclick = () => this.#remove(each);
      },
    });
  }
}
