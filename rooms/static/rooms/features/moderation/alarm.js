// Tells the state when somebody's mute is over: it ends by itself, and no event says so.

import * as clock from "../../core/clock.js";
import { nextEnd } from "../../core/mutes.js";

/** @import { Panel, Room } from "../../core/shapes.js" */

// What is further away is looked at again then; a timer takes no more than 24 days.
const LONGEST_MS = 3_600_000;

/** A section of the right column that shows nothing.
 *  @param {Room} room
 *  @returns {Panel} */
export function alarm(room) {
  let timer = 0;
  /** @type {number | null} */
  let set = null;

  function ring() {
    set = null;
    room.receive([{ type: "local.unmuted", now: clock.now() }]);
  }

  return {
    element: Object.assign(document.createElement("div"), { hidden: true }),
    update(state) {
      const end = nextEnd(state);
      if (end === set) return;
      clearTimeout(timer);
      set = end;
      if (end !== null) timer = setTimeout(ring, Math.min(LONGEST_MS, Math.max(0, end - clock.now()) + 1));
    },
  };
}
