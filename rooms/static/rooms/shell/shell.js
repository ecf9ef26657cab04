// What every page with the list of rooms has: the theme's switch, the menu, a phone's two screens.

import { addShortcut } from "../core/extensions.js";
import { one, setText, show } from "../ui/dom.js";
import { count, counted } from "../ui/text.js";
import { paintAvatar } from "../ui/avatar.js";

const THEMES = ["system", "light", "dark"];
// A badge shows no higher number.
const MOST_WAITING = 99;
let wasOnline = false;

export function prepareShell(user) {
  const shell = one("[data-shell]");
  showOwnName(user);
  themeSwitch();
  menu();
  addShortcut({ keys: "I", words: "Your inbox", group: "Everywhere", run: () => location.assign("/inbox/") });
  for (const back of document.querySelectorAll("[data-back]")) {
    back.addEventListener("click", () => {
      shell.dataset.screen = "list";
      one("[data-rooms] a, [data-find]").focus();
    });
  }
}

/** Beside the list of rooms. */
export function showOwnName({ name }) {
  const avatar = one("[data-my-avatar]");
  if (avatar.dataset.of === name) return;
  paintAvatar(avatar, (avatar.dataset.of = name));
  setText(one("[data-my-name]"), name);
}

/** On a phone: from the list to what was opened. */
export function showPage() {
  one("[data-shell]").dataset.screen = "room";
}

/** How much waits in the inbox, beside the link to it.
 *  @param {number} waiting */
export function drawInbox(waiting) {
  const badge = one("[data-inbox-count]");
  show(badge, waiting > 0);
  setText(badge, waiting > MOST_WAITING ? `${MOST_WAITING}+` : count(waiting));
  badge.setAttribute("aria-label", counted(waiting, "open entry", "open entries"));
}

/** The state beside one's own name, by the phase of the connection. A page that has just come says
 *  "Connecting…", whatever its first attempts do, until it was online once or has no network. */
export function showOwnState(phase) {
  const online = phase === "open";
  wasOnline ||= online;
  one("[data-my-dot]").classList.toggle("off", !online);
  const offline = wasOnline || phase === "offline" || phase === "closed";
  setText(one("[data-my-state]"), online ? "Online" : offline ? "Offline" : "Connecting…");
}

function themeSwitch() {
  const button = one("[data-theme-switch]");
  const show = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    setText(one("[data-theme-name]"), `Theme: ${theme}`);
  };
  show(document.documentElement.dataset.theme ?? "system");
  button.addEventListener("click", () => {
    const current = document.documentElement.dataset.theme ?? "system";
    const theme = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length];
    try {
      localStorage.setItem("parley:theme", theme);
    } catch {
      // It holds for this page then.
    }
    show(theme);
  });
}

function menu() {
  const details = one("[data-menu]");
  document.addEventListener("click", (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    one("summary", details).focus();
  });
}
