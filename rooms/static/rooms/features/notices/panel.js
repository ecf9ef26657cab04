// The right column's "Notices on this device": the browser is asked only when somebody chooses some.

import { copy, one, setText } from "../../ui/dom.js";
import { keepLevel, levelOf, possible } from "./level.js";

/** @import { Panel, Room } from "../../core/shapes.js" */

const REFUSED = "This browser does not let the site show notices: allow it in its settings for this site.";
const IMPOSSIBLE = "This browser shows none here: the site has to be reached by https.";

/** @param {Room} room
 *  @returns {Panel} */
export function noticesPanel(room) {
  const element = copy("t-notices");
  /** @type {HTMLSelectElement} */
  const select = one("select", element);
  const said = one("[data-said]", element);
  select.addEventListener("change", async () => {
    const wanted = select.value;
    if (wanted !== "nothing" && (await Notification.requestPermission()) !== "granted") {
      select.value = "nothing";
      return setText(said, REFUSED);
    }
    keepLevel(room.state.user.id, wanted);
    setText(said, "");
  });
  return {
    element,
    update({ user }) {
      select.disabled = !possible();
      if (select.disabled) setText(said, IMPOSSIBLE);
      if (document.activeElement !== select) select.value = levelOf(user.id);
    },
  };
}
