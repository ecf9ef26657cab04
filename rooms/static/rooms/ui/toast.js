// A few words on what was just done, for a moment; a screen reader hears them, too.

import { one, setText } from "./dom.js";

const SHOWN_MS = 4000;
let timer = 0;

/** @param {string} words */
export function toast(words) {
  const element = one("[data-toast]");
  clearTimeout(timer);
  // The same words again are said again.
  setText(element, "");
  timer = setTimeout(() => {
    setText(element, words);
    timer = setTimeout(() => setText(element, ""), SHOWN_MS);
  });
}
