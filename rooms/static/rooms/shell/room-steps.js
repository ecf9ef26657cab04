// Steps within the room that is open, in the browser's history: to a message of it, and Back to where
// one was.

import { addressOf } from "../core/addresses.js";

/** @import { Room } from "../core/shapes.js" */

export class Steps {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
  }

  /** To the message of this id, or, without one, to the room itself. Without `push` the browser has gone
   *  there already.
   *  @param {{ push?: boolean, message?: number | null }} [options] */
  go({ push = true, message = null } = {}) {
    const address = addressOf(this.room.slug, message);
    const elsewhere = location.pathname !== address;
    if (push && elsewhere) {
      history.replaceState({ ...history.state, place: this.room.place }, "");
      history.pushState(null, "", address);
    }
    if (message !== null) return this.room.revealMessage(message);
    // Whoever chooses the room again after a message of it wants the room.
    if (push) return elsewhere ? this.room.toEnd() : undefined;
    const left = history.state?.place;
    if (left !== undefined) this.room.returnTo(left);
  }
}
