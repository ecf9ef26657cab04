// The address of a message, to be put elsewhere: into the clipboard, or, where the browser refuses that,
// into a field from which people copy it themselves.

import { addressOf } from "../../core/addresses.js";
import { messageActions } from "../../core/extensions.js";
import { nameOf } from "../../ui/avatar.js";
import { one } from "../../ui/dom.js";
import { excerpt } from "../../ui/text.js";
import { toast } from "../../ui/toast.js";

/** @import { Message } from "../../core/shapes.js" */

messageActions.push({
  name: "link",
  title: "Copy link",
  label: ({ author, body }) => `Copy the link of the message of ${nameOf(author)}: ${excerpt(body)}`,
  icon: "link",
  key: "l",
  run: copyLink,
});

/** @param {Message} message */
async function copyLink({ room, id }) {
  const address = new URL(addressOf(room, id), location.href).href;
  try {
    // Without https there is no clipboard.
    await navigator.clipboard.writeText(address);
  } catch {
    return offer(address);
  }
  toast("Link copied");
}

/** @param {string} address */
function offer(address) {
  const dialog = one("[data-link]");
  const field = one("input", dialog);
  field.value = address;
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.showModal();
  field.select();
}
