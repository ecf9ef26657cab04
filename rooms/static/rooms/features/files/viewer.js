// Pictures of the conversation, one at a time and as large as the window: a press on one opens it, arrow keys
// lead to those above and below it that the page holds. With a modifying key a press does what it does
// on any link.

import { one, setText, setTime, show } from "../../ui/dom.js";
import { exactTime } from "../../ui/dates.js";
import { nameOf } from "../../ui/avatar.js";

const LINKS = ".picture > a";
/** @type {HTMLDialogElement} */
const dialog = one("[data-viewer]");
const image = one("img", dialog);
/** The link of the picture that is shown, and in which list it stands.
 *  @type {{ link: HTMLAnchorElement, list: Element } | null} */
let shown = null;

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  /** @type {HTMLAnchorElement | null} */
  const link = /** @type {Element} */ (event.target).closest(LINKS);
  const list = link?.closest(".entries");
  if (!link || !list) return;
  event.preventDefault();
  draw(link, list);
  dialog.showModal();
});

/** @param {HTMLAnchorElement} link
 *  @param {Element} list */
function draw(link, list) {
  shown = { link, list };
  const picture = one("img", link);
  const name = picture.alt;
  // The small one stands there until the large one has come.
  image.src = picture.currentSrc || picture.src;
  const whole = new Image();
  whole.onload = () => {
    if (shown?.link === link) image.src = link.href;
  };
  whole.src = link.href;
  image.alt = name;
  setText(one("[data-name]", dialog), name);
  const { entry, author } = /** @type {any} */ (link.closest("[data-entry]"))?.row ?? {};
  const by = author ?? entry?.value?.author;
  setText(one("[data-author]", dialog), by ? nameOf(by) : "");
  const time = one("time", dialog);
  show(time, Boolean(entry));
  if (entry) {
    setTime(time, entry.at);
    setText(time, exactTime(entry.at));
  }
  one("[data-original]", dialog).href = link.href;
  one("[data-download]", dialog).href = `${link.href}?download`;
  const all = links();
  const at = all.indexOf(link);
  setText(one("[data-which]", dialog), all.length > 1 ? `${at + 1} of ${all.length}` : "");
  for (const [step, selector] of STEPS) one(selector, dialog).disabled = !all[at + step];
}

/** @type {[number, string][]} */
const STEPS = [[-1, "[data-before]"], [1, "[data-after]"]];

/** @returns {HTMLAnchorElement[]} */
const links = () => (shown ? [...shown.list.querySelectorAll(LINKS)].map((link) => /** @type {HTMLAnchorElement} */ (link)) : []);

/** To the picture above or below. Where the one that is shown has left the page, nothing is beside it.
 *  @param {number} step */
function go(step) {
  const all = links();
  const at = shown ? all.indexOf(shown.link) : -1;
  const next = at < 0 ? undefined : all[at + step];
  if (next && shown) draw(next, shown.list);
}

for (const [step, selector] of STEPS) one(selector, dialog).addEventListener("click", () => go(step));
one("[data-close]", dialog).addEventListener("click", () => dialog.close());
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  go(step);
});
// Beside the picture a press closes.
dialog.addEventListener("click", ({ target }) => {
  if (target === dialog || /** @type {Element} */ (target).matches("[data-stage]")) dialog.close();
});
dialog.addEventListener("close", () => {
  const link = shown?.link;
  shown = null;
  image.removeAttribute("src");
  if (!link?.isConnected) return;
  link.scrollIntoView({ block: "nearest" });
  link.focus({ preventScroll: true });
});
