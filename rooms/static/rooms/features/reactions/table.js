// The emoji there are, their names and how they are found. The table is asked for when it is first
// needed, which is not before somebody chooses an emoji or begins a short code.

import { fetchJson } from "../../core/api.js";

/** @typedef {{ text: string, name: string, codes: string[], words: string[], toned: string | null }} Emoji */
/** @typedef {{ name: string, emoji: Emoji[] }} Group */

const LIGHTEST = "\u{1f3fb}";
const TONES = ["", LIGHTEST, "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"];
export const TONE_NAMES = ["No skin tone", "Light", "Medium-light", "Medium", "Medium-dark", "Dark"];

/** @type {Promise<Group[]> | null} */
let loading = null;

/** All emoji; fails with words, and tries anew when it is called again.
 *  @returns {Promise<Group[]>} */
export function load() {
  loading ??= fetchJson(new URL("./emoji.json", import.meta.url).href).then(read);
  loading.catch(() => (loading = null));
  return loading;
}

/** The table as `tests/emoji_table.py` writes it.
 *  @returns {Group[]} */
export function read({ groups }) {
  return groups.map(([name, emoji]) => ({
    name,
    emoji: emoji.map(([text, label, codes, words, toned = null]) => ({
      text, name: label, codes: codes.split(" "), words: [...label.toLowerCase().split(/[^\p{L}\p{N}]+/u), ...words.split(" ")], toned,
    })),
  }));
}

/** @param {Emoji} emoji
 *  @param {number} tone 0: none */
export const inTone = ({ text, toned }, tone) => (tone && toned ? toned.replaceAll(LIGHTEST, TONES[tone]) : text);

/** Those that each of the words is the beginning of something of: the nearest first.
 *  @param {Group[]} groups
 *  @param {string} typed
 *  @returns {Emoji[]} */
export function search(groups, typed, most = 200) {
  const wanted = typed.toLowerCase().split(/[\s:_]+/).filter(Boolean);
  if (!wanted.length) return [];
  const whole = wanted.join("_");
  const found = [];
  for (const { emoji } of groups) {
    for (const each of emoji) {
      const place = nearness(each, wanted, whole);
      if (place < 4) found.push({ each, place });
    }
  }
  // A sort of this language keeps the table's order among equals.
  return found.sort((a, b) => a.place - b.place).slice(0, most).map(({ each }) => each);
}

/** From 0, the very code, to 4: nothing of it.
 *  @param {Emoji} emoji
 *  @param {string[]} wanted
 *  @param {string} whole */
function nearness({ codes, words }, wanted, whole) {
  if (codes.includes(whole)) return 0;
  if (codes.some((code) => code.startsWith(whole))) return 1;
  const parts = [...words, ...codes.flatMap((code) => code.split("_"))];
  if (wanted.every((word) => parts.includes(word))) return 2;
  return wanted.every((word) => parts.some((part) => part.startsWith(word))) ? 3 : 4;
}

/** Those whose short code goes on with what was typed: [{ emoji, code }, …].
 *  @param {Group[]} groups
 *  @param {string} typed */
export function coded(groups, typed, most = 8) {
  const wanted = typed.toLowerCase();
  const found = [];
  for (const { emoji } of groups) {
    for (const each of emoji) {
      const code = each.codes.find((known) => known.startsWith(wanted)) ?? each.codes.find((known) => known.includes(`_${wanted}`));
      if (code) found.push({ emoji: each, code, place: code === wanted ? 0 : code.startsWith(wanted) ? 1 : 2 });
    }
  }
  return found.sort((a, b) => a.place - b.place || a.code.length - b.code.length).slice(0, most).map(({ emoji, code }) => ({ emoji, code }));
}
