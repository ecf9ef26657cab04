// What polls add to a room: options and votes below the question, a section of polls, a way to ask.

import { addReducer, addShortcut, composerTools, messageParts, panels } from "../rooms/core/extensions.js";
import { ask } from "./ask.js";
import { ballot } from "./ballot.js";
import { openPolls } from "./panel.js";
import { reducers } from "./store.js";

for (const [type, reduce] of Object.entries(reducers)) addReducer(type, reduce);
messageParts.push(ballot);
panels.push(openPolls);
composerTools.push({ name: "poll", label: "Ask the room", icon: "check", run: (_composer, room) => ask(room) });
addShortcut({ keys: "Alt P", words: "Ask the room", group: "Polls", run: (_event, room) => ask(room) });
