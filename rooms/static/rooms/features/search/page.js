// The page of found messages: times as they are where the reader is, and arrows from one to the next.

import { exactTime, moment } from "../../ui/dates.js";
import { one, setText } from "../../ui/dom.js";
import { paintAvatar } from "../../ui/avatar.js";
import { ListKeys } from "../../ui/list-keys.js";
import { composes } from "../../ui/keys.js";

const list = one("[data-found-messages]");
const field = /** @type {HTMLInputElement} */ (one("[data-search-field]"));

/** @type {NodeListOf<HTMLElement>} */
const avatars = document.querySelectorAll("[data-avatar-of]");
for (const avatar of avatars) paintAvatar(avatar, avatar.dataset.avatarOf);
for (const time of document.querySelectorAll("time")) {
  setText(time, moment(time.dateTime, Date.now()));
  time.title = exactTime(time.dateTime);
}

if (list) {
  new ListKeys(list, { items: "a" }).refresh();
  field.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || event.altKey || composes(event)) return;
    event.preventDefault();
    one("a", list).focus();
  });
}
