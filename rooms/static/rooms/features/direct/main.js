// What rooms between two add to the page of a room: a button on cards, and people to Ctrl-K.

import { finderSources, personActions } from "../../core/extensions.js";
import { stage } from "../../stream/first.js";
import { peopleSource, writeTo } from "./direct.js";

/** @import { Room } from "../../core/shapes.js" */

personActions.unshift({
  name: "write",
  label: ({ name }) => `Write to ${name}`,
  // Both are in this room, and it is not the one between the two.
  allowed: ({ id, role }, { user, room }) => id !== user.id && role !== null && room.role !== null && room.visibility !== "direct",
  run: ({ username }) => writeTo(username),
});
finderSources.push(peopleSource({ own: () => /** @type {Room | null} */ (stage.room)?.state.rooms ?? [] }));
