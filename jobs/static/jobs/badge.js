// A state as an icon and a word in one colour.

import { setIcon, setText } from "../rooms/ui/dom.js";
import { look } from "./words.js";

export function drawBadge(badge, state, text = look(state).word) {
  badge.dataset.state = state;
  badge.dataset.tone = look(state).tone;
  setIcon(badge, look(state).icon);
  setText(badge.querySelector("[data-state-text]"), text);
}
