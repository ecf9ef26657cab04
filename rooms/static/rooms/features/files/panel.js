// The right column's "Files": what was sent to the room, the last one first. It is asked for when somebody
// wants to see it, and then again when a message with a file comes, or one goes.

import { addressOf } from "../../core/addresses.js";
import * as api from "../../core/api.js";
import { now } from "../../core/clock.js";
import { nameOf } from "../../ui/avatar.js";
import { moment } from "../../ui/dates.js";
import { copy, one, reconcile, setText, setTime, show } from "../../ui/dom.js";
import { bytes, wordsOf } from "../../ui/text.js";

/** @import { Attachment, Panel, Person, Reducer, Room, RoomState } from "../../core/shapes.js" */
/** @typedef {{ file: Attachment, message: { id: number, seq: number }, author: Person | null, at: string }} FileOfRoom */

const FIRST_FILES = 5;
const MORE_FILES = 50;
const SOON_MS = 500;

/** `extra.files.changed` is the seq of the last event by which the list is another one.
 *  @type {Record<string, Reducer>} */
export const reducers = {
  "message.created": (draft, { message }) => {
    if (message.attachments?.length) draft.extra = { ...draft.extra, files: { changed: message.seq } };
  },
  "message.deleted": (draft, { seq }) => {
    draft.extra = { ...draft.extra, files: { changed: seq } };
  },
};

/** @param {Room} room
 *  @returns {Panel} */
export function filesPanel(room) {
  const element = copy("t-room-files");
  const list = one("ul", element);
  const more = one("[data-more-files]", element);
  const toggle = one("[data-show-files]", element);
  const error = one("[data-files-error]", element);
  /** Of which room it is shown; null: it is not. */
  let shown = null;
  /** Of which room and which change it was asked last. */
  let asked = "";
  let limit = FIRST_FILES;
  let timer = 0;

  /** @param {string} slug
   *  @param {string} wanted */
  async function ask(slug, wanted) {
    try {
      const { files, next } = await api.get(`/rooms/${slug}/files`, { limit });
      if (asked !== wanted) return;
      draw(slug, files, next !== null);
      show(error, false);
    } catch (refused) {
      if (asked !== wanted) return;
      setText(error, wordsOf(refused));
      show(error, true);
    }
  }

  /** @param {string} slug
   *  @param {FileOfRoom[]} files
   *  @param {boolean} goesOn */
  function draw(slug, files, goesOn) {
    show(one("[data-no-files]", element), files.length === 0);
    show(more, goesOn && limit < MORE_FILES);
    reconcile(list, files, {
      keyOf: ({ file }) => file.id,
      create: ({ file, message }) => {
        const item = copy("t-room-file");
        const picture = one("img", item);
        if (file.preview) picture.src = file.preview;
        else picture.remove();
        show(one(".icon", item), !file.preview);
        one("[data-open]", item).href = file.url;
        one("[data-jump]", item).href = addressOf(slug, message.id);
        setText(one(".name", item), file.name);
        return item;
      },
      update: (item, { file, author, at }) => {
        setText(one("[data-facts]", item), `${bytes(file.size)} · ${nameOf(author)}`);
        const time = one("time", item);
        setTime(time, at);
        setText(time, moment(at, now()));
        one("[data-jump]", item).setAttribute("aria-label", `Show the message of ${file.name}`);
      },
    });
  }

  /** @param {RoomState} state */
  function update(state) {
    const { slug } = state.room;
    if (shown !== null && shown !== slug) close();
    if (shown === null || state.withdrawn) return;
    const wanted = `${slug} ${state.extra.files?.changed ?? ""} ${limit}`;
    if (asked === wanted) return;
    // Several that come together are one change; who has just asked does not wait.
    const wait = asked ? SOON_MS : 0;
    asked = wanted;
    clearTimeout(timer);
    timer = setTimeout(() => ask(slug, wanted), wait);
  }

  function close() {
    shown = null;
    asked = "";
    limit = FIRST_FILES;
    clearTimeout(timer);
    list.replaceChildren();
    for (const part of [more, error, one("[data-no-files]", element)]) show(part, false);
    drawToggle();
  }

  function drawToggle() {
    toggle.setAttribute("aria-expanded", String(shown !== null));
    toggle.firstChild.data = shown === null ? "Show" : "Hide";
  }

  toggle.addEventListener("click", () => {
    if (shown !== null) return close();
    shown = room.slug;
    drawToggle();
    update(room.state);
  });

  more.addEventListener("click", () => {
    limit = MORE_FILES;
    update(room.state);
  });
  return { element, update };
}
