// What a person does: reacts to a message, takes it back, chooses what to react with.

import { copy, one, setText } from "../../ui/dom.js";
import { wordsOf } from "../../ui/text.js";
import { remember } from "./habits.js";
import { note } from "./own.js";

/** @import { Message, Room } from "../../core/shapes.js" */

/** The entry of the stream that shows a message, if it stands on the page.
 *  @param {Message} message
 *  @returns {HTMLElement | null} */
const entryOf = ({ seq }) => one(`[data-entries] > [data-seq="${seq}"]`);

/** @param {Room} room
 *  @param {Message} message
 *  @param {string} emoji
 *  @param {boolean} on */
export async function toggle(room, message, emoji, on) {
  refuse(message, null);
  if (on) remember(emoji);
  try {
    await room.command({ type: on ? "react" : "unreact", room: message.room, message: message.id, emoji });
    note(message.id, emoji, on);
  } catch (refused) {
    refuse(message, wordsOf(refused));
  }
}

/** Offer emoji, and react with the one that is taken.
 *  @param {Room} room
 *  @param {Message} message */
export function choose(room, message) {
  const entry = entryOf(message);
  const anchor = entry && (shown(one("[data-action=react]", entry)) ?? shown(one("[data-reaction-add]", entry)) ?? one(".bubble", entry));
  pickEmoji({
    anchor,
    take: (emoji) => toggle(room, message, emoji, true),
    closed: () => entryOf(message)?.focus({ preventScroll: true }),
    failed: (words) => refuse(message, words),
  });
}

/** The picker, which is loaded when it is first wanted.
 *  @param {{ anchor: HTMLElement | null, take(emoji: string): void, closed(): void, failed(words: string): void }} how */
export async function pickEmoji(how) {
  try {
    const { openPicker } = await import("./picker.js");
    openPicker(how);
  } catch {
    how.failed("The emoji cannot be had from the server. Try again in a moment.");
  }
}

/** Why it was not done, beside the message; null: nothing is to be said any more.
 *  @param {Message} message
 *  @param {string | null} words */
function refuse(message, words) {
  const bubble = one(".bubble", entryOf(message) ?? document.createElement("i"));
  if (!bubble) return;
  let note = one(":scope > [data-reaction-refused]", bubble);
  if (words === null) return note?.remove();
  if (!note) bubble.append((note = copy("t-reaction-refused")));
  setText(note, words);
}

/** @param {HTMLElement | null} element */
const shown = (element) => (element?.getClientRects().length ? element : null);
