// Somebody is called something else: wherever a page shows their name, from the moment it hears of it.
// Pure; used by `store.js`. What features and apps keep of people they rename by reducers of their own.

/** @import { Entry, Message, Person, Reducer, RoomState } from "./shapes.js" */

/** The person under their new name, if this is them.
 *  @template {Person | null | undefined} T
 *  @param {T} known
 *  @param {Person} now
 *  @returns {T} */
export const named = (known, { id, name }) => (known && known.id === id && known.name !== name ? { ...known, name } : known);

/** Each of a list that becomes another one by it; the same list where none does.
 *  @template T
 *  @param {T[]} list
 *  @param {(each: T) => T} change
 *  @returns {T[]} */
export function each(list, change) {
  let any = false;
  const changed = list.map((item) => {
    const made = change(item);
    any ||= made !== item;
    return made;
  });
  return any ? changed : list;
}

/** @param {Message} message
 *  @param {Person} now
 *  @returns {Message} */
function messageNamed(message, now) {
  const author = named(message.author, now);
  const by = named(message.deleted?.by, now);
  if (author === message.author && by === message.deleted?.by) return message;
  return { ...message, author, deleted: message.deleted && { ...message.deleted, by: by ?? null } };
}

/** Who came and who left is told of the past, under the name of then: so the log has it.
 *  @param {Entry} entry
 *  @param {Person} now
 *  @returns {Entry} */
function entryNamed(entry, now) {
  if (entry.kind !== "message") return entry;
  const message = messageNamed(entry.value, now);
  return message === entry.value ? entry : { ...entry, value: message };
}

/** @param {RoomState} draft
 *  @param {Person} now */
export function rename(draft, now) {
  const member = (known) => (named(known.user, now) === known.user ? known : { ...known, user: named(known.user, now) });
  const room = (known) => (named(known.other, now) === known.other ? known : { ...known, other: named(known.other, now), name: now.name });
  draft.user = named(draft.user, now);
  draft.rooms = each(draft.rooms, room);
  if (draft.room) draft.room = room(draft.room);
  draft.members = each(draft.members, member);
  draft.entries = each(draft.entries, (entry) => entryNamed(entry, now));
  draft.tail = each(draft.tail, (entry) => entryNamed(entry, now));
  draft.beside = each(draft.beside, (entry) => entryNamed(entry, now));
  draft.changed = each(draft.changed, (known) => {
    const message = messageNamed(known.message, now);
    return message === known.message ? known : { ...known, message };
  });
  draft.typing = each(draft.typing, (person) => named(person, now));
  if (Array.isArray(draft.present)) draft.present = each(draft.present, (person) => named(person, now));
}

/** @type {Record<string, Reducer>} */
export const reducers = {
  "member.changed"(draft, { member }) {
    draft.members = draft.members.map((known) => (known.user.id === member.user.id ? member : known));
    if (member.user.id === draft.user.id) {
      draft.room = { ...draft.room, role: member.role, muted_until: member.muted_until ?? null };
    }
    rename(draft, member.user);
  },

  /** Told to the person in all their windows, and to those who have a room between two with them. */
  person: (draft, { user }) => rename(draft, user),
};
