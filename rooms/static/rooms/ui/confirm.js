// Asks before something that cannot be undone by a click.

import { one, setText } from "./dom.js";

/** Answers what was asked last, as long as nobody has.
 *  @type {(() => void) | null} */
let answer = null;

/** Whether the person means it. `words` say what happens, `action` names the button.
 *  @param {{ title: string, words: string, action: string }} question
 *  @returns {Promise<boolean>} */
export function confirmed({ title, words, action }) {
  const dialog = one("[data-confirm]");
  // That a dialog was closed is told a moment later: somebody may have asked again by then.
  answer?.();
  dialog.onclose = () => {
    if (!dialog.open) answer?.();
  };
  setText(one("h2", dialog), title);
  setText(one("p", dialog), words);
  setText(one("[data-yes]", dialog), action);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    answer = () => {
      answer = null;
      resolve(dialog.returnValue === "yes");
    };
  });
}
