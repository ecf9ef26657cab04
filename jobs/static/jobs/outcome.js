// A job's last word: the message that it leaves in the room, as one line that leads to its card.

import * as api from "../rooms/core/api.js";
import { nameOf } from "../rooms/ui/avatar.js";
import { copy, one, setTime } from "../rooms/ui/dom.js";
import { drawBody } from "../rooms/stream/body.js";

export const outcome = {
  create({ at, value }, room) {
    const element = copy("t-outcome");
    element.dataset.author = nameOf(value.author);
    drawBody(one("[data-body-html]", element), value.html ?? null, value.body);
    setTime(one("time", element), at);
    one("[data-to-card]", element).addEventListener("click", (event) => {
      event.preventDefault();
      show(value.job, element, room);
    });
    return element;
  },

  /** Right under its card, which says the same and more, the line would only repeat it. */
  repeats: ({ value }, above) => above?.value.id === value.job,
};

/** To the card of a job; of one that is gone the line says so, in place of the way there. */
async function show(id, element, room) {
  let seq = null;
  try {
    ({ seq } = await api.get(`/jobs/${id}`));
  } catch (error) {
    if (error instanceof api.Refused && error.status === 404) {
      const gone = one("[data-gone]", element);
      one("[data-to-card]", element).hidden = true;
      gone.hidden = false;
      gone.focus({ preventScroll: true });
      return;
    }
  }
  room.reveal(id, seq);
}
