// Words and figures for people: names, durations, sizes. Moments are in ui/dates.js. Pure.

// The pages are in English: their figures and their order are of one kind, wherever the browser is.
const LANGUAGE = "en-GB";
const number = new Intl.NumberFormat(LANGUAGE);

export const count = (value) => number.format(value);

/** What went wrong, in words for people: those of what was thrown.
 *  @param {unknown} error */
export const wordsOf = (error) => (error instanceof Error ? error.message : String(error));

const signs = Intl.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });
// In UTF-16 code units. No script stacks this much on one letter; text that does is cut anyway.
const LONGEST_SIGN = 64;

/** How long a text is, in the unit of all limits: characters of Unicode. An emoji may be several. */
export function lengthOf(text) {
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g);
  return text.length - (pairs?.length ?? 0);
}

/** What the server keeps of a text: blank lines before it say nothing, spaces may make it code. */
export const posted = (text) => text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();

/** The beginning of a text, with a mark if more follows; never half of what is read as one sign. */
export function cut(text, most) {
  if (text.length <= most) return text;
  let end = 0;
  for (const [at, sign] of signsOf(text.slice(0, most + LONGEST_SIGN))) {
    if (at + sign.length > most - 1) break;
    end = at + sign.length;
  }
  return `${text.slice(0, end)}…`;
}

/** Where each sign of a text begins, and the sign. */
function* signsOf(text) {
  if (signs) {
    for (const { index, segment } of signs.segment(text)) yield [index, segment];
    return;
  }
  let at = 0;
  for (const character of text) {
    yield [at, character];
    at += character.length;
  }
}

function firstSign(text) {
  for (const [, sign] of signsOf(text.slice(0, LONGEST_SIGN))) return sign;
  return "";
}

/** The first line of a text, not too much of it. */
export const excerpt = (text) => cut(text.trim().split("\n", 1)[0], 120);

const collator = new Intl.Collator(LANGUAGE, { numeric: true, sensitivity: "base" });

/** Names in the order in which people look for them: Room 9 before Room 10. */
export const byName = (a, b) => collator.compare(a, b);

/** 1 message, 1,200 messages */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Two letters at most: "Ana Berg" is AB, "ana" is A. */
export function initials(name) {
  const words = name.trim().split(/\s+/u);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map(firstSign).join("").toLocaleUpperCase();
}

const MOST_EMOJI = 3;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Extended_Pictographic}.*\u200d|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3)/u;

/** Whether a text is one to three emoji and nothing else: they are shown large. */
export function isEmojiAlone(text) {
  if (text.length > MOST_EMOJI * 30 || !/[^\x00-\x7f]/u.test(text)) return false;
  const shown = Array.from(signsOf(text.trim()), ([, sign]) => sign).filter((sign) => sign !== " ");
  return shown.length > 0 && shown.length <= MOST_EMOJI && shown.every((sign) => EMOJI.test(sign));
}

/** An angle on the colour wheel that a name keeps. */
export function hue(name) {
  let hash = 2166136261;
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  return (hash >>> 0) % 360;
}

/** 512 B, 3.4 kB, 12 MB */
export function bytes(size) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 && unit ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** 8 s, 2 min, 2 min 5 s, 3 h 10 min */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return [`${Math.floor(whole / 60)} min`, whole % 60 && `${whole % 60} s`].filter(Boolean).join(" ");
  return [`${Math.floor(whole / 3600)} h`, Math.floor((whole % 3600) / 60) && `${Math.floor((whole % 3600) / 60)} min`].filter(Boolean).join(" ");
}

/** A duration that is over: also of less than a second. */
export const measured = (seconds) => (seconds < 9.95 ? `${Math.max(0.1, seconds).toFixed(1)} s` : duration(seconds));

/** "Ana", "Ana and Ben", "Ana, Ben and 3 others" */
export function names(list) {
  if (list.length <= 1) return list[0] ?? "";
  if (list.length <= 3) return `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`;
  return `${list.slice(0, 2).join(", ")} and ${list.length - 2} others`;
}

/** A name between marks that keep its direction of writing from touching what stands beside it. */
export const isolated = (name) => `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu, "")}\u2069`;
