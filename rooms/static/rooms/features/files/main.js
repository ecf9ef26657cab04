// What files add to a room: a button beside the field.

import { addShortcut, composerTools } from "../../core/extensions.js";

composerTools.unshift({ name: "attach", label: "Attach files", icon: "clip", run: (composer) => composer.uploads.choose() });
addShortcut({ keys: "Ctrl V", words: "Paste a picture or a file into the field", group: "Writing" });
