// Asks for how long somebody is to be muted, and why.

import * as api from "../../core/api.js";
import { one, setText, show } from "../../ui/dom.js";
import { wordsOf } from "../../ui/text.js";

/** @import { Member, Room } from "../../core/shapes.js" */

/** Resolves when it is done, or not wanted.
 *  @param {Member} member
 *  @param {Room} room
 *  @returns {Promise<void>} */
export function askToMute({ user }, room) {
  const dialog = one("[data-mute]");
  const form = one("form", dialog);
  const error = one("[data-mute-error]", dialog);
  const { slug, state } = room;
  setText(one("[data-mute-name]", dialog), user.name);
  setText(one("[data-mute-room]", dialog), state.room.name);
  show(error, false);
  form.reset();
  one("[data-mute-cancel]", dialog).onclick = () => dialog.close();
  // Nothing is given back: `false` would keep the form from being sent.
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = one("[type=submit]", form);
    const { minutes, reason } = Object.fromEntries(new FormData(form));
    button.disabled = true;
    try {
      await api.put(`/rooms/${slug}/members/${user.id}/mute`, { minutes: Number(minutes), reason: String(reason).trim() });
      dialog.close();
    } catch (refused) {
      setText(error, wordsOf(refused));
      show(error, true);
    } finally {
      button.disabled = false;
    }
  };
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve();
  });
}
