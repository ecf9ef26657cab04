// Names in the text of a message. The server marks what could be one, the same for every reader; who is
// meant, if anybody, stands in the message's `mentions`, and whether it is the reader is found out here.

import { mentionsReader } from "../../core/unread-counts.js";
import { setText } from "../../ui/dom.js";

/** @import { Message, Person, Room } from "../../core/shapes.js" */
/** @typedef {{ name: string, user: Person | null }} Mention */

/** Whom a name means: as it is written, or else in letters of another size. Pure.
 *  @param {Mention[]} mentions
 *  @param {string} name
 *  @returns {Mention | undefined} */
export function meantBy(mentions, name) {
  const alike = name.toLowerCase();
  return mentions.find((each) => each.name === name) ?? mentions.find((each) => each.name.toLowerCase() === alike);
}

/** @param {HTMLElement} body
 *  @param {Message} message
 *  @param {Room} room */
export function markMentions(body, message, room) {
  const { user, room: shown } = room.state;
  const member = shown.role !== null;
  body.closest("[data-entry]")?.toggleAttribute("data-mentions-me", mentionsReader(message, user.id, member));
  if (!message.html.includes("data-mention")) return;
  for (const element of body.querySelectorAll("span[data-mention]")) {
    const span = /** @type {HTMLElement} */ (element);
    const name = span.dataset.mention ?? "";
    const meant = meantBy(message.mentions ?? [], name);
    const own = meant && (meant.user === null ? member && message.author?.id !== user.id : meant.user.id === user.id);
    span.classList.toggle("mention", meant !== undefined);
    span.classList.toggle("mention-own", Boolean(own));
    span.title = meant ? (meant.user === null ? "Everybody in this room" : own ? "You" : `@${meant.name}`) : "";
    setText(span, `@${meant?.user?.name ?? name}`);
  }
}
