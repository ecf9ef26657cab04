// The keys of a room's page, and those that the parts of the page hear themselves.

import { addShortcut } from "../core/extensions.js";

/** `go(slug)` opens a room. */
export function registerKeys({ room, composer, sidebar, go }) {
  const beside = (keys, words, step, unread) => {
    const run = () => {
      const slug = sidebar.beside(room.slug, step, unread);
      if (slug) go(slug);
    };
    addShortcut({ keys, words, group: "Rooms", run });
  };
  beside("Alt ↑", "The room above", -1, false);
  beside("Alt ↓", "The room below", 1, false);
  beside("Alt Shift ↑", "The next one above with something unread", -1, true);
  beside("Alt Shift ↓", "The next one below with something unread", 1, true);

  const writing = (keys, words, run) => addShortcut({ keys, words, group: "Writing", run });
  writing("/", "Write a command", () => composer.begin("/"));
  writing("Enter", "Send");
  writing("Shift Enter", "Break the line");
  writing("↑", "Edit your last message, where nothing is written");
  writing("Esc", "Close what is offered; do not reply; do not edit");

  const reading = (keys, words) => addShortcut({ keys, words, group: "In the conversation" });
  reading("↑", "To the entry above");
  reading("↓", "To the entry below");
  reading("Home", "To the first entry");
  reading("End", "To the last entry");
}
