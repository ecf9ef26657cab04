// The last line of Ctrl-K: search all messages for what was typed.

import { finderSources } from "../../core/extensions.js";
import { isolated } from "../../ui/text.js";

/** @import { FinderSource } from "../../core/shapes.js" */

/** The page with what was found. */
export const addressOf = (words) => `/search?${new URLSearchParams({ q: words })}`;

/** @type {FinderSource} */
const source = {
  find(typed) {
    const words = typed.trim();
    if (!words) return [];
    const address = addressOf(words);
    return [
      {
        key: "search:messages",
        icon: "search",
        text: `Search messages for ${isolated(words)}`,
        note: "",
        address,
        offer: true,
        open: () => location.assign(address),
      },
    ];
  },
};

finderSources.push(source);
