// Asks before something that cannot be undone by a click.

import { one, setText } from "./dom.js";

/** Whether the person means it. `words` say what happens, `action` names the button. */
export function confirmed({ title, words, action }) {
  const dialog = one("[data-confirm]");
  setText(one("h2", dialog), title);
  setText(one("p", dialog), words);
  setText(one("[data-yes]", dialog), action);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
