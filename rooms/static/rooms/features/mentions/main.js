// What mentions add to a room: names in messages are people, and are completed while one writes them.

import { addShortcut, bodyMarks, textCompleters } from "../../core/extensions.js";
import { markMentions } from "./chips.js";
import { completeName } from "./completion.js";

bodyMarks.push(markMentions);
textCompleters.push(completeName);
addShortcut({ keys: "@", words: "Mention somebody, by the beginning of their name", group: "Writing" });
