// What features and other apps add to a room. Modules of apps register before `main.js` runs: their
// scripts stand first. All of it is read when it is drawn or asked for, but for panels, composer
// tools and finder sources, which are made once, with the page.
//
// `shapes.js` has the types.

/** @import { BodyMark, Completion, ComposerTool, Entry, EntryKind, FinderSource, MessageAction, MessageKind } from "./shapes.js" */
/** @import { MemberAction, MemberMark, MessagePart, Panel, PersonAction, Reducer, Room, Shortcut, Stretch, TextCompletion } from "./shapes.js" */

/** event type → [(draft, event, context) => void, …], called by the store after its own.
 *  @type {Record<string, Reducer[]>} */
export const reducers = {};

/** Have the store call `reduce` for each event of this type, one that it knows or an app's own.
 *  `anyRoom`: also when the event is of a room that is not open.
 *  @param {string} type
 *  @param {Reducer} reduce */
export function addReducer(type, reduce, { anyRoom = false } = {}) {
  (reducers[type] ??= []).push(anyRoom ? Object.assign((draft, event, context) => reduce(draft, event, context), { anyRoom }) : reduce);
}

/** kind of entry → { create(entry, room) → element, update(element, entry, room), spoken?(entry) →
 *  the words that a screen reader hears when it comes, like?(entry) → a text that is the same for entries
 *  of which many in a row are folded into one line, or null: it stands by itself, folded?(entries) → what
 *  that line says }
 *  @type {Record<string, EntryKind>} */
export const entryKinds = {};

/** kind of message → { create(entry, room) → element, update?(element, entry, room), repeats?(entry,
 *  entry above) → true: it has no row }. A message of a kind that is not here is drawn as what its
 *  author says.
 *  @type {Record<string, MessageKind>} */
export const messageKinds = {};

/** What stands below the text of the messages that have it: { name, of(message) → anything, or null:
 *  this message has none, create(room) → element, update(element, what `of` gave, message, room) }.
 *  @type {MessagePart[]} */
export const messageParts = [];

/** What is done with the text of a message that has just been drawn: (its element, message, room). Called
 *  again each time that it is drawn.
 *  @type {BodyMark[]} */
export const bodyMarks = [];

/** What can be done with a message, in its bar: { name, label(message) → words, title, icon, key: a
 *  letter that does it while the message has the keyboard, or null, allowed?(message, state), run(message, room) }.
 *  @type {MessageAction[]} */
export const messageActions = [];

/** Buttons beside the field: { name, label, icon, run(composer, room) }.
 *  @type {ComposerTool[]} */
export const composerTools = [];

/** Keys: { keys, words, group, run?(event, room) }. `keys` as people read them: "Ctrl K", "Alt Shift ↓", "?".
 *  Without `run` they are only listed; whatever has the keyboard then hears them itself.
 *  @type {Shortcut[]} */
export const shortcuts = [];

/** Returns whether the keys were free: two that hear the same keys would both be wrong.
 *  @param {Shortcut} shortcut */
export function addShortcut(shortcut) {
  const taken = shortcut.run && shortcuts.some(({ keys, run }) => run && keys === shortcut.keys);
  if (taken) console.error(`${shortcut.keys} is taken: "${shortcut.words}" has no keys`);
  else shortcuts.push(shortcut);
  return !taken;
}

/** What can be done about somebody, on their card: { name, label(card), allowed?(card, state), run(card, room) →
 *  Promise, which fails with words }.
 *  @type {PersonAction[]} */
export const personActions = [];

/** What can be done about a member, in their row of the list: { name, label, danger?, allowed(member, state),
 *  run(member, room) → Promise, which fails with words }.
 *  @type {MemberAction[]} */
export const memberActions = [];

/** What stands beside a member's name: { name, icon, of(member) → words, or null: they have it not }.
 *  @type {MemberMark[]} */
export const memberMarks = [];

/** What Ctrl-K finds, after the rooms: { find(words) → [{ key, icon, text, note, address, open(), offer?: true when
 *  it is nothing that was found, but something to do with the words }, …],
 *  ask?(words) → Promise, after which `find` knows more }.
 *  @type {FinderSource[]} */
export const finderSources = [];

/** event type of a notice → (names) → words: "Ana and Ben" → "Ana and Ben joined".
 *  @type {Record<string, (names: string) => string>} */
export const noticeTexts = {};

/** ({ slug, from, to, after, before }) → Promise of entries whose seq is in [from, to).
 *  @type {((stretch: Stretch) => Promise<Entry[]>)[]} */
export const histories = [];

/** (room, details) → { element, update(state), covers? }: a section of the right column, or, with `covers`,
 *  what `details.cover` shows in place of all of them; its element has `data-cover`.
 *  @type {((room: Room, details: import("../shell/details.js").Details) => Panel)[]} */
export const panels = [];

/** name of a slash command → (arguments) → Promise of { options: [{name, text, insert}], hint, complete }:
 *  what may come next, and whether the command can be run as it is.
 *  @type {Record<string, (rest: string) => Promise<Completion>>} */
export const completers = {};

/** What may stand in place of a word that is being written: (the text before the cursor) → null, or a
 *  Promise of { from: where the word begins, label, options: [{ name, text, insert, taken?() }, …] }.
 *  @type {((before: string) => Promise<TextCompletion> | null)[]} */
export const textCompleters = [];
