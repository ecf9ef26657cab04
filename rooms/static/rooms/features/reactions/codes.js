// ":smi" in the field offers the emoji of that short code. What is sent as ":smile:" stays as it was
// typed: it may well be meant so.

import { habits, remember } from "./habits.js";
import { coded, inTone, load } from "./table.js";

/** @import { TextCompletion } from "../../core/shapes.js" */

const CODE = /(?:^|[\s(])(:[a-z0-9_+-]{2,})$/i;
const LONGEST_CODE = 60;

/** Where a short code begins in what stands before the cursor, or -1. Pure.
 *  @param {string} before */
export function codeAt(before) {
  const found = CODE.exec(before.slice(-LONGEST_CODE));
  return found ? before.length - found[1].length : -1;
}

/** @param {string} before
 *  @returns {Promise<TextCompletion> | null} */
export function completeCode(before) {
  const from = codeAt(before);
  return from < 0 ? null : offered(from, before.slice(from + 1));
}

/** @returns {Promise<TextCompletion>} */
async function offered(from, typed) {
  const { tone } = habits();
  const options = coded(await load(), typed).map(({ emoji, code }) => {
    const text = inTone(emoji, tone);
    return { name: text, text: code, insert: text, taken: () => remember(text) };
  });
  return { from, label: "Emoji", options };
}
