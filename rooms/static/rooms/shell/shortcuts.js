// The page's keys: one place that hears them, and "?", which lists them. What is registered is in
// `core/extensions.js`.

import { addShortcut, messageActions, shortcuts } from "../core/extensions.js";
import { copy, one, setText } from "../ui/dom.js";
import { composes } from "../ui/keys.js";

/** @import { Room } from "../core/shapes.js" */

const NAMES = { "↑": "ArrowUp", "↓": "ArrowDown", "←": "ArrowLeft", "→": "ArrowRight", Esc: "Escape" };
const MODIFIERS = ["Ctrl", "Alt", "Shift"];
const FIELDS = "input, textarea, [contenteditable]";
const ON_A_MESSAGE = "On a message";
// What every page has stands first, what apps add last.
const GROUPS = ["Everywhere", "Rooms", "Writing", "In the conversation", ON_A_MESSAGE];

/** Whether a key that was pressed is `keys`, as people read them. The command key of a Mac is its Ctrl.
 *  Where a sign needs Shift, or the third level of a keyboard, is the keyboard's affair. Pure. */
export function isPressed(keys, event) {
  const parts = keys.split(" ");
  const key = parts.pop();
  const third = event.getModifierState?.("AltGraph") ?? false;
  const sign = key.length === 1 && key.toLowerCase() === key.toUpperCase() && !(key in NAMES);
  const held = { Ctrl: (event.ctrlKey || event.metaKey) && !third, Alt: event.altKey && !third, Shift: event.shiftKey };
  const asked = (name) => (sign && name === "Shift") || held[name] === parts.includes(name);
  const wanted = NAMES[key] ?? key;
  return event.key.toLowerCase() === wanted.toLowerCase() && MODIFIERS.every(asked);
}

/** All keys by their groups, as [[group, [{ keys, words }, …]], …]. Pure. */
export function listed(all, actions) {
  /** @type {Map<string, { keys: string, words: string }[]>} */
  const groups = new Map(GROUPS.map((group) => [group, []]));
  const add = (group, keys, words) => groups.set(group, [...(groups.get(group) ?? []), { keys, words }]);
  for (const { group, keys, words } of all) add(group, keys, words);
  for (const { key, title } of actions) if (key) add(ON_A_MESSAGE, key.toUpperCase(), title);
  return [...groups].filter(([, keys]) => keys.length > 0);
}

/** Hear the keys of this page from now on; `room` is null on a page beside the rooms.
 *  @param {Room | null} room */
export function hearShortcuts(room = null) {
  const dialog = one("[data-help]");
  const help = () => {
    one("[data-help-groups]", dialog).replaceChildren(...listed(shortcuts, messageActions).map(drawGroup));
    dialog.showModal();
  };
  addShortcut({ keys: "?", words: "Show these keys", group: "Everywhere", run: help });
  one("[data-help-open]").addEventListener("click", help);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.addEventListener("keydown", (event) => hear(event, room));
}

function hear(event, room) {
  if (event.defaultPrevented || composes(event)) return;
  const { target } = event;
  // Plain keys are text there; an arrow opens a list of choices.
  if (target.closest("select") || (target.closest(FIELDS) && !event.ctrlKey && !event.metaKey && !event.altKey)) return;
  const found = shortcuts.find(({ keys, run }) => run && isPressed(keys, event));
  if (!found) return;
  event.preventDefault();
  // A question that is asked is answered first.
  if (!one("dialog[open]")) found.run?.(event, room);
}

function drawGroup([group, keys]) {
  const element = copy("t-help-group");
  setText(one("h3", element), group);
  one("dl", element).replaceChildren(...keys.map(drawKeys));
  return element;
}

function drawKeys({ keys, words }) {
  const element = copy("t-help-keys");
  setText(one("dd", element), words);
  one("dt", element).replaceChildren(
    ...keys.split(" ").map((key) => Object.assign(document.createElement("kbd"), { textContent: key })),
  );
  return element;
}
