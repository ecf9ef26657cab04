// What other apps add to a room. They register before `main.js` runs: their script stands first.

/** event type → (draft, event, context) => void, called by the store; see `store.js`. */
export const reducers = {};

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
