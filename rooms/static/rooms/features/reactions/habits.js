// What this browser remembers of its person: which emoji they use, and in which tone of skin.

const KEY = "parley:emoji";
const MOST_REMEMBERED = 24;
const QUICK = 6;
// Until somebody has habits of their own.
const USUAL = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/** @typedef {{ used: [emoji: string, times: number][], tone: number }} Habits `used`: the latest first. */

/** @returns {Habits} */
export function habits() {
  try {
    return checked(JSON.parse(localStorage.getItem(KEY) ?? "null"));
  } catch {
    return checked(null);
  }
}

/** Whatever stands there, maybe of another version. Pure.
 *  @returns {Habits} */
export function checked(kept) {
  const used = Array.isArray(kept?.used) ? kept.used : [];
  const tone = Number.isInteger(kept?.tone) && kept.tone >= 0 && kept.tone <= 5 ? kept.tone : 0;
  const isUse = (each) => Array.isArray(each) && typeof each[0] === "string" && each[0].length <= 64 && Number.isFinite(each[1]);
  return { used: used.filter(isUse).slice(0, MOST_REMEMBERED), tone };
}

/** Once more. Pure.
 *  @param {Habits} before
 *  @param {string} emoji
 *  @returns {Habits} */
export function withUse({ used, tone }, emoji) {
  const times = used.find(([known]) => known === emoji)?.[1] ?? 0;
  /** @type {Habits["used"]} */
  const now = [[emoji, times + 1], ...used.filter(([known]) => known !== emoji)];
  return { used: now.slice(0, MOST_REMEMBERED), tone };
}

/** The six for the quick row. Pure.
 *  @param {Habits} habits */
export function quick({ used }) {
  const own = [...used].sort((a, b) => b[1] - a[1]).map(([emoji]) => emoji);
  return [...new Set([...own, ...USUAL])].slice(0, QUICK);
}

/** @param {string} emoji */
export const remember = (emoji) => keep(withUse(habits(), emoji));
/** @param {number} tone */
export const rememberTone = (tone) => keep({ ...habits(), tone });

/** @param {Habits} kept */
function keep(kept) {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // It is a convenience.
  }
}
