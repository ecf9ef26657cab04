// What files add to a room: a button beside the field, and the list of what was sent.

import { addReducer, addShortcut, composerTools, panels } from "../../core/extensions.js";
import { filesPanel, reducers } from "./panel.js";

for (const [type, reduce] of Object.entries(reducers)) addReducer(type, reduce);
panels.push(filesPanel);

composerTools.unshift({ name: "attach", label: "Attach files", icon: "clip", run: (composer) => composer.uploads.choose() });
addShortcut({ keys: "Ctrl V", words: "Paste a picture or a file into the field", group: "Writing" });
