// How a person looks: initials on a colour of their own.

import { hue, initials } from "./text.js";

export function paintAvatar(element, name) {
  element.textContent = initials(name);
  element.style.setProperty("--hue", hue(name));
}

export const nameOf = (person) => person?.name ?? "Somebody who left";
