// What incoming webhooks add to a room: a section of its details, and a mark on what programs say.

import { bodyMarks, panels } from "../../core/extensions.js";
import { IncomingWebhooks } from "./webhooks.js";

panels.push((room) => new IncomingWebhooks(room));
bodyMarks.push((body, message) => {
  const row = body.closest("[data-entry]");
  row?.toggleAttribute("data-bot", message.bot);
  // A program has no card.
  if (message.bot) row?.querySelector("[data-person]")?.setAttribute("disabled", "");
});
