// What other apps add to a room. They register before `main.js` runs: their script stands first.

/** event type → [(draft, event, context) => void, …], called by the store after its own. */
export const reducers = {};

/** Have the store call `reduce` for each event of this type, one that it knows or an app's own.
 *  `anyRoom`: also when the event is of a room that is not open. */
export function addReducer(type, reduce, { anyRoom = false } = {}) {
  (reducers[type] ??= []).push(anyRoom ? Object.assign((...all) => reduce(...all), { anyRoom }) : reduce);
}

/** kind of entry → { create(entry, room) → element, update(element, entry, room), spoken?(entry) →
 *  the words that a screen reader hears when it comes } */
export const entryKinds = {};

/** ({ slug, from, to, after, before }) → Promise of entries whose seq is in [from, to). */
export const histories = [];

/** (room) → { element, update(state) }: a section of the right column. */
export const panels = [];

/** name of a slash command → (arguments) → Promise of { options: [{name, text, insert}], hint, complete }:
 *  what may come next, and whether the command can be run as it is. */
export const completers = {};
