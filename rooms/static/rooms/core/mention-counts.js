// How many unread messages mention the reader, room by room: a number beside how many are unread, and
// never more. Pure; `store.js` calls these after its own reducers of the same events.
//
// In the room that is open it follows from the room's log; of every room the server tells it as well,
// as of a position in the log, and what is older than what is known here counts for nothing.

import { entryAt } from "./window.js";

/** @import { Entry, Message, Reducer, RoomRow, RoomState } from "./shapes.js" */

/** Whether a message mentions the reader: by name, or with everybody of a room of theirs.
 *  @param {Message} message
 *  @param {number} reader
 *  @param {boolean} member */
export function mentionsReader({ mentions, author, deleted }, reader, member) {
  if (!mentions?.length || deleted || author?.id === reader) return false;
  return mentions.some(({ user }) => (user === null ? member : user.id === reader));
}

/** @param {RoomState} draft
 *  @param {string | undefined} slug
 *  @param {(room: RoomRow) => RoomRow} change */
function changeRoom(draft, slug, change) {
  const known = draft.rooms.find((room) => room.slug === slug);
  const changed = known && change(known);
  if (changed && changed !== known) draft.rooms = draft.rooms.map((room) => (room === known ? changed : room));
}

/** @param {RoomState} draft
 *  @param {number} step */
function move(draft, step) {
  if (step) changeRoom(draft, draft.room.slug, (room) => ({ ...room, mentions: Math.max(0, room.mentions + step) }));
}

/** @param {RoomState} draft
 *  @param {Message} message */
const isOfReader = (draft, message) => mentionsReader(message, draft.user.id, draft.room.role !== null);

/** @param {RoomState} draft
 *  @param {Message} message */
const isUnread = (draft, { seq }) => draft.room.role !== null && seq > (draft.room.read_seq ?? 0);

/** Those that came after a position, of the room that is open.
 *  @param {RoomState} draft
 *  @param {number} after */
function since(draft, after) {
  /** @param {Entry} entry */
  const counts = (entry) => entry.seq > after && entry.kind === "message" && isOfReader(draft, entry.value);
  return [...draft.entries, ...draft.tail].filter(counts).length;
}

/** A message says something else, or nothing. What it said before is known here before the store's own
 *  reducers put the new text in its place: hence `before`.
 *  @param {RoomState} draft
 *  @param {Message} message
 *  @param {boolean} mentions */
function altered(draft, message, mentions) {
  const before = entryAt(draft, message.seq)?.value;
  if (before && isUnread(draft, message)) move(draft, Number(mentions) - Number(isOfReader(draft, before)));
}

/** Called before the store's own: they need what stood there.
 *  @type {Record<string, Reducer>} */
export const before = {
  "message.edited": (draft, { message }) => altered(draft, message, isOfReader(draft, message)),
  "message.deleted": (draft, { message }) => altered(draft, message, false),
};

/** @param {Reducer} reduce */
const anyRoom = (reduce) => Object.assign(reduce, { anyRoom: true });

/** @type {Record<string, Reducer>} */
export const after = {
  "message.created"(draft, { message }) {
    if (message.author?.id === draft.user.id) changeRoom(draft, draft.room.slug, (room) => (room.unread ? room : readAll(room)));
    else if (draft.room.role !== null && isOfReader(draft, message)) move(draft, 1);
  },

  /** The server's number. Of the room that is open it may be from before what has come since, or
   *  tell of what is still to come: then it is counted when it does. */
  mentions: anyRoom((draft, { room: slug, mentions, seq = 0 }) => {
    const open = draft.room?.slug === slug;
    if (open && seq > draft.head) return;
    changeRoom(draft, slug, (room) => {
      if (seq < (room.mentions_seq ?? 0)) return room;
      return { ...room, mentions: mentions + (open ? since(draft, seq) : 0), mentions_seq: seq };
    });
  }),

  /** How much waits in the inbox. */
  inbox(draft, { open }) {
    draft.inbox = open;
  },

  /** Where nothing is unread, nothing is that mentions anybody. */
  unread: anyRoom((draft, { room: slug, unread, seq = 0 }) => {
    changeRoom(draft, slug, (room) => (unread || seq < (room.mentions_seq ?? 0) ? room : readAll(room)));
  }),
};

/** @param {RoomRow} room
 *  @returns {RoomRow} */
const readAll = (room) => (room.mentions ? { ...room, mentions: 0 } : room);
