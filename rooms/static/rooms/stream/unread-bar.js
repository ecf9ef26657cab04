// The bar above a room of which more is unread than is in sight: how much, since when, and the way
// to where it begins.

import { now } from "../core/clock.js";
import { moment } from "../ui/dates.js";
import { one, setText, show } from "../ui/dom.js";
import { counted } from "../ui/text.js";

/** What the bar says, as how much and since when, or null where it has nothing to say. `seen` is what is in sight of the reader
 *  (see scroll.js), `follows` whether they read on from where they were. Pure. */
export function unreadText({ room, rooms, newAfter, firstNew }, seen, follows, at) {
  const unread = rooms.find(({ slug }) => slug === room.slug)?.unread ?? 0;
  if (!room.role || !unread || follows || newAfter === null || firstNew === null) return null;
  if (seen !== null && firstNew.seq >= seen.first) return null;
  return [counted(unread, "new message"), ` since ${moment(firstNew.at, at)}`];
}

export class UnreadBar {
  /** `jump()` goes to the first unread message, `read()` says that all is read. */
  constructor(bar, { jump, read }) {
    this.bar = bar;
    one("[data-first-unread]", bar).addEventListener("click", jump);
    one("[data-mark-read]", bar).addEventListener("click", read);
  }

  draw(state, seen, follows) {
    const said = unreadText(state, seen, follows, now());
    if (said !== null) {
      setText(one("[data-unread-text]", this.bar), said[0]);
      setText(one("[data-unread-since]", this.bar), said[1]);
    }
    show(this.bar, said !== null);
  }
}
