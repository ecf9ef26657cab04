// "@an" in the field offers people: members of the room first. Who they are, the server says.

import * as api from "../../core/api.js";

/** @import { TextCompletion } from "../../core/shapes.js" */
/** @typedef {{ id: number, name: string, username: string, member: boolean }} Mentionable */
/** @typedef {{ people: Mentionable[], everybody: number | null }} Found */

const NAME = /(?:^|[^\p{L}\p{N}_@/+=\\])(@[\p{L}\p{N}_.@+-]*)$/u;
const LONGEST_NAME = 100;
const TYPING_PAUSE_MS = 120;
const MOST_OFFERED = 8;
const EVERYBODY = "room";
// What the end of a sentence would be is no end of a name.
const MENTIONABLE = /[\p{L}\p{N}_]$/u;

let asked = 0;

/** Where a name begins in what stands before the cursor, or -1. Pure.
 *  @param {string} before */
export function nameAt(before) {
  const found = NAME.exec(before.slice(-LONGEST_NAME));
  return found ? before.length - found[1].length : -1;
}

/** @param {string} before
 *  @returns {Promise<TextCompletion> | null} */
export function completeName(before) {
  const from = nameAt(before);
  const slug = /^\/rooms\/([^/]+)\//.exec(location.pathname)?.[1];
  return from < 0 || !slug ? null : offered(from, before.slice(from + 1), slug);
}

/** @returns {Promise<TextCompletion>} */
async function offered(from, typed, slug) {
  const own = ++asked;
  if (typed) await new Promise((after) => setTimeout(after, TYPING_PAUSE_MS));
  // Somebody who types on has asked again.
  const found = own === asked ? await api.get(`/rooms/${slug}/mentionable`, { q: typed, limit: MOST_OFFERED }) : null;
  return { from, label: "People", options: found ? optionsOf(found, typed) : [] };
}

/** What is offered for what was typed: nothing where it stands there already. Pure.
 *  @param {Found} found
 *  @param {string} typed */
export function optionsOf({ people, everybody }, typed) {
  const options = people
    .filter(({ username }) => MENTIONABLE.test(username) && username !== EVERYBODY)
    .map(({ name, username, member }) => ({ name, text: member ? `@${username}` : `@${username} · not in this room`, insert: `@${username} ` }));
  if (everybody && EVERYBODY.startsWith(typed.toLowerCase())) {
    options.push({ name: `@${EVERYBODY}`, text: everybody === 1 ? "The other one here" : `All ${everybody} others here`, insert: `@${EVERYBODY} ` });
  }
  return options.length === 1 && options[0].insert === `@${typed} ` ? [] : options;
}
