// How many messages are unread, room by room, and how many of them mention the reader, which are never
// more. Pure; `store.js` calls these after its own reducers of the same events.
//
// In the room that is open both follow from the room's log; of every room the server tells them as
// well, as of a position in the log (`seq` of a row, and `mentions_seq`). It may be from before what
// has come since, or tell of what is still to come: each message counts once, whichever is first.

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

/** How many messages came after a position, of the room that is open.
 *  @param {RoomState} draft
 *  @param {number} after
 *  @param {(message: Message) => boolean} counts */
function since(draft, after, counts) {
  /** @param {Entry} entry */
  const isCounted = (entry) => entry.seq > after && entry.kind === "message" && counts(entry.value);
  return [...draft.entries, ...draft.tail].filter(isCounted).length;
}

/** Who says something has read it, and all above it. What an app leaves in their name is no such thing.
 *  @param {RoomState} draft
 *  @param {Message} message */
const isSaidByReader = (draft, { author, kind }) => author?.id === draft.user.id && kind === "text";

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

/** A row as the server has just told it, and what has come since to the room that is open.
 *  @param {RoomState} draft
 *  @param {RoomRow} row
 *  @returns {RoomRow} */
function withNewer(draft, row) {
  if (draft.room?.slug !== row.slug) return row;
  const [seq, read] = [row.seq ?? 0, draft.room.read_seq ?? 0];
  const newer = since(draft, Math.max(seq, read), (message) => !isSaidByReader(draft, message));
  return { ...row, unread: (read > seq ? 0 : row.unread) + newer, seq: Math.max(seq, draft.head) };
}

/** @param {Reducer} reduce */
const anyRoom = (reduce) => Object.assign(reduce, { anyRoom: true });

/** @type {Record<string, Reducer>} */
export const after = {
  "message.created"(draft, { message }) {
    if (draft.room.role === null) return;
    const { seq } = message;
    const said = isSaidByReader(draft, message);
    changeRoom(draft, draft.room.slug, (room) => {
      if (seq <= (room.seq ?? 0)) return room;
      return said ? { ...readAll(room), unread: 0, seq } : { ...room, unread: room.unread + 1, seq };
    });
    if (isOfReader(draft, message)) move(draft, 1);
  },

  /** The server's number. What of it is still to come to the room that is open is counted then. */
  mentions: anyRoom((draft, { room: slug, mentions, seq = 0 }) => {
    const open = draft.room?.slug === slug;
    if (open && seq > draft.head) return;
    changeRoom(draft, slug, (room) => {
      if (seq < (room.mentions_seq ?? 0)) return room;
      return { ...room, mentions: mentions + (open ? since(draft, seq, (message) => isOfReader(draft, message)) : 0), mentions_seq: seq };
    });
  }),

  /** How much waits in the inbox. */
  inbox(draft, { open }) {
    draft.inbox = open;
  },

  /** The server's number. Where nothing is unread, nothing is that mentions anybody. */
  unread: anyRoom((draft, { room: slug, unread, seq = 0 }) => {
    changeRoom(draft, slug, (room) => {
      const counted = withNewer(draft, { ...room, unread, seq });
      return counted.unread || seq < (room.mentions_seq ?? 0) ? counted : readAll(counted);
    });
  }),

  "local.rooms"(draft) {
    if (draft.room) changeRoom(draft, draft.room.slug, (room) => withNewer(draft, room));
  },
};

/** @param {RoomRow} room
 *  @returns {RoomRow} */
const readAll = (room) => (room.mentions ? { ...room, mentions: 0 } : room);
