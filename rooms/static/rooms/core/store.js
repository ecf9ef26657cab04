// A room as the browser knows it. Pure: an old state and some events give a new state.
//
// `entries` is what stands in the stream, by ascending `seq`, each { seq, at, kind, value }: kind
// "message", "notice", or one that another app registered. It is complete from its first entry to
// its last; how much of the room it is, `window.js` says. `head` is the last event applied.
// What is not there yet, own messages on their way, is in `pending`.
//
// `newAfter` is the seq after which something is new to the person, null when nothing is;
// `firstNew` is the first message there: { seq, at }. `arrived` counts messages of others that came
// while the room was open.
//
// Events come from the socket or are local ("local.…"). Those with an `at` are entries of the room's
// log, and one at or below `head` was seen; all others are told once, whatever they carry.

import { isCommand } from "./slash.js";
import { entryAt, place } from "./window.js";

/** @import { Entry, Message, Page, Person, Reducer, ReducerContext, RoomEvent, RoomRow, RoomState } from "./shapes.js" */

export const TYPING_MS = 6000;

/** The state that a page of a room starts from.
 *  @param {Page} page
 *  @returns {RoomState} */
export function fromPage(page) {
  const entries = page.room
    ? [
        ...page.messages.map((message) => messageEntry(message)),
        ...page.notices.map((event) => noticeEntry(event)),
      ].sort((a, b) => a.seq - b.seq)
    : [];
  const unread = page.room?.role && page.room.unread > 0;
  return {
    user: page.user,
    rooms: page.rooms,
    invitations: page.invitations ?? [],
    // Role → what the room's page offers to people who have it.
    may: page.may ?? {},
    room: page.room,
    epoch: page.epoch,
    head: page.head ?? 0,
    entries,
    older: page.older ?? false,
    newer: false,
    tail: [],
    pending: [],
    members: page.members ?? [],
    present: null,
    typing: [],
    newAfter: unread ? page.room.read_seq : null,
    firstNew: unread ? (page.first_unread ?? firstAfter(entries, page)) : null,
    arrived: 0,
    // Why this person may not be here any more: "not_a_member", "banned", "deleted"; null: they may.
    withdrawn: null,
    // What other apps keep of this room, by their name: the page's, changed by their reducers.
    extra: page.extra ?? {},
  };
}

/** @param {Entry[]} entries
 *  @param {Page} page */
function firstAfter(entries, { room, user }) {
  const found = entries.find((entry) => entry.seq > room.read_seq && isNews(entry, user));
  return found ? { seq: found.seq, at: found.at } : null;
}

/** The database was put back: from here on positions are of another history, and what stands here
 *  may never have happened.
 *  @param {RoomState} state
 *  @param {{ epoch: string, seq: number }} place
 *  @returns {RoomState} */
export function begunAnew(state, { epoch, seq }) {
  const nothing = { entries: [], older: false, newer: false, tail: [], typing: [], newAfter: null, firstNew: null, extra: {} };
  return { ...state, ...nothing, epoch, head: seq, anew: true };
}

/** A fresh page after the socket could not bring all that was missed. What is newer stays, if it is
 *  of the same history. Someone who is `away` from the room's end keeps what they read, and the
 *  fresh page is the end below it.
 *  @param {RoomState} state
 *  @param {Page} page
 *  @returns {RoomState} */
export function afterGap(state, page, away = false) {
  const fresh = fromPage(page);
  if (fresh.epoch !== state.epoch) state = begunAnew(state, { epoch: fresh.epoch, seq: fresh.head });
  const before = Math.max(0, ...[...state.entries.slice(-1), ...state.tail.slice(-1)].map(({ seq }) => seq));
  const last = state.newer ? state.tail : state.entries;
  for (const entry of last) {
    if (entry.seq > fresh.head) fresh.entries.push(entry);
  }
  const missed = state.anew ? [] : fresh.entries.filter((entry) => entry.seq > before && isNews(entry, state.user));
  const news = {
    newAfter: state.newAfter ?? (missed.length ? fresh.newAfter : null),
    firstNew: state.firstNew ?? (missed.length ? fresh.firstNew : null),
    arrived: state.arrived + missed.length,
  };
  const held = away && !state.anew ? { entries: state.entries, older: state.older, newer: true, tail: fresh.entries } : {};
  return {
    ...fresh,
    ...held,
    ...news,
    head: Math.max(fresh.head, state.head),
    pending: state.pending.filter((item) => !holds(fresh.entries, state.user.id, item.client_id)),
    present: state.present,
    extra: withNewer(fresh.extra, state.extra, fresh.head),
  };
}

/** What began after the page was made is not in it. */
function withNewer(extra, before, head) {
  const merged = { ...extra };
  for (const [name, things] of Object.entries(before)) {
    const newer = Object.entries(things).filter(([, thing]) => thing.seq > head);
    if (newer.length) merged[name] = { ...merged[name], ...Object.fromEntries(newer) };
  }
  return merged;
}

/** `context` is { now, reducers }.
 *  @param {RoomState} state
 *  @param {RoomEvent[]} events
 *  @param {ReducerContext} context
 *  @returns {RoomState} */
export function apply(state, events, context) {
  const draft = { ...state };
  for (const event of events) {
    const elsewhere = event.room !== undefined && event.room !== state.room?.slug;
    if (!elsewhere && event.at !== undefined) {
      if (event.seq <= draft.head) continue;
      draft.head = event.seq;
    }
    for (const reduce of [own[event.type] ?? [], context.reducers[event.type] ?? []].flat()) {
      if (!elsewhere || reduce.anyRoom) reduce(draft, event, context);
    }
  }
  return draft;
}

/** Of a reducer of events that tell of the person's own rooms, whichever is open.
 *  @param {Reducer} reduce */
const anyRoom = (reduce) => Object.assign(reduce, { anyRoom: true });

/** Whether an entry is news to `user`: something that somebody else said.
 *  @param {Entry} entry
 *  @param {Person} user */
export const isNews = (entry, user) => entry.kind === "message" && entry.value.author?.id !== user.id;

/** @param {Message} message
 *  @returns {Entry} */
export const messageEntry = (message) => ({ seq: message.seq, at: message.at, kind: "message", value: message });
/** @param {RoomEvent} event
 *  @returns {Entry} */
const noticeEntry = ({ seq, at, type, member }) => ({ seq, at, kind: "notice", value: { type, user: member.user } });

/** @param {Entry[]} entries
 *  @param {number} author
 *  @param {string} clientId */
function holds(entries, author, clientId) {
  return entries.some(({ kind, value }) => kind === "message" && value.client_id === clientId && value.author?.id === author);
}

/** Change what is unread in the room that is open.
 *  @param {RoomState} draft
 *  @param {(room: RoomRow) => number} change */
function count(draft, change) {
  draft.rooms = draft.rooms.map((room) => (room.slug === draft.room.slug ? { ...room, unread: change(room) } : room));
}

/** Nothing is new any more.
 *  @param {RoomState} draft */
function seenAll(draft) {
  draft.newAfter = null;
  draft.firstNew = null;
}

/** The author of a message has read everything above it: the server moves their cursor as well.
 *  @param {RoomState} draft
 *  @param {number} seq */
function spoke(draft, seq) {
  seenAll(draft);
  if (!draft.room.role) return;
  draft.room = { ...draft.room, read_seq: Math.max(seq, draft.room.read_seq ?? 0) };
  count(draft, () => 0);
}

/** Who speaks or types is here.
 *  @param {RoomState} draft
 *  @param {Person | null} person */
function seen(draft, person) {
  if (!person || !Array.isArray(draft.present) || draft.present.some((known) => known.id === person.id)) return;
  draft.present = [...draft.present, person];
}

/** @type {Record<string, Reducer>} */
const own = {
  "message.created"(draft, { message }) {
    const known = entryAt(draft, message.seq) !== undefined;
    if (!known) place(draft, messageEntry(message));
    if (message.author?.id === draft.user.id) {
      draft.pending = draft.pending.filter((item) => item.client_id !== message.client_id);
      if (message.kind === "text") spoke(draft, message.seq);
      // What an app leaves in somebody's name they have not read yet.
      else if (!known && draft.room.role) count(draft, (room) => room.unread + 1);
    } else if (!known) {
      draft.arrived += 1;
      if (draft.newAfter !== null && message.seq > draft.newAfter) draft.firstNew ??= { seq: message.seq, at: message.at };
      // The server counts for rooms that nobody here listens to; this one is listened to.
      if (draft.room.role) count(draft, (room) => room.unread + 1);
    }
    draft.typing = draft.typing.filter((person) => person.id !== message.author?.id);
    // Only those who are at a socket number what they send; a program that posts is not here.
    if (message.client_id) seen(draft, message.author);
  },

  "member.joined"(draft, event) {
    const { member } = event;
    place(draft, noticeEntry(event));
    if (!draft.members.some((known) => known.user.id === member.user.id)) {
      draft.members = [...draft.members, member];
      draft.room = { ...draft.room, members: draft.room.members + 1 };
    }
    if (member.user.id === draft.user.id) {
      // What was there before they came is not new to them.
      draft.room = { ...draft.room, role: member.role, read_seq: event.seq - 1, unread: 0 };
      if (!draft.rooms.some((room) => room.slug === draft.room.slug)) draft.rooms = [...draft.rooms, draft.room];
    }
  },

  "member.left"(draft, event) {
    const { user } = event.member;
    place(draft, noticeEntry(event));
    draft.members = draft.members.filter((known) => known.user.id !== user.id);
    draft.room = { ...draft.room, members: Math.max(0, draft.room.members - 1) };
    if (user.id === draft.user.id) {
      draft.room = { ...draft.room, role: null, read_seq: null };
      draft.rooms = draft.rooms.filter((room) => room.slug !== draft.room.slug);
    }
  },

  "member.changed"(draft, { member }) {
    draft.members = draft.members.map((known) => (known.user.id === member.user.id ? member : known));
    if (member.user.id === draft.user.id) draft.room = { ...draft.room, role: member.role };
  },

  "room.changed"(draft, { changed }) {
    draft.room = { ...draft.room, ...changed };
    draft.rooms = draft.rooms.map((room) => (room.slug === draft.room.slug ? { ...room, ...changed } : room));
  },

  /** The server has put this person out: what stands here is all they will see. */
  unsubscribed(draft, { reason }) {
    draft.withdrawn = reason;
    draft.room = { ...draft.room, role: null };
    draft.rooms = draft.rooms.filter((room) => room.slug !== draft.room.slug);
    draft.present = [];
    draft.typing = [];
  },

  typing(draft, { user }, { now }) {
    if (user.id === draft.user.id) return;
    const others = draft.typing.filter((person) => person.id !== user.id);
    draft.typing = [...others, { ...user, until: now + TYPING_MS }];
    seen(draft, user);
  },

  /** Somebody's cursor moved: one's own, when another tab has read. */
  read(draft, { user, seq }) {
    if (user.id !== draft.user.id || !draft.room.role) return;
    draft.room = { ...draft.room, read_seq: Math.max(seq, draft.room.read_seq ?? 0) };
  },

  /** The person's rooms as the server has them now. */
  "local.rooms"(draft, { rooms, invitations }) {
    draft.rooms = rooms;
    if (invitations) draft.invitations = invitations;
  },

  /** Somebody invites this person; null: that is over, one way or another. */
  invitation: anyRoom((draft, { room, invitation }) => {
    const others = draft.invitations.filter((known) => known.room.slug !== room);
    draft.invitations = invitation ? [invitation, ...others] : others;
  }),

  unread: anyRoom((draft, { room, unread }) => {
    draft.rooms = draft.rooms.map((known) => (known.slug === room ? { ...known, unread } : known));
  }),

  /** Another room, or this one, is not the person's own any more. */
  left: anyRoom((draft, { room }) => {
    draft.rooms = draft.rooms.filter((known) => known.slug !== room);
  }),

  presence(draft, { present }) {
    draft.present = present;
  },

  "local.present"(draft, { members, present }) {
    draft.present = present;
    if (members !== undefined && draft.room) draft.room = { ...draft.room, members };
  },

  /** Time passes: nobody types for ever. */
  "local.tick"(draft, _event, { now }) {
    const typing = draft.typing.filter((person) => person.until > now);
    if (typing.length !== draft.typing.length) draft.typing = typing;
  },

  "local.pending"(draft, { item }) {
    if (holds(draft.entries, draft.user.id, item.client_id) || holds(draft.tail, draft.user.id, item.client_id)) return;
    const known = draft.pending.some((other) => other.client_id === item.client_id);
    draft.pending = known
      ? draft.pending.map((other) => (other.client_id === item.client_id ? item : other))
      : [...draft.pending, item];
    if (!isCommand(item.body)) seenAll(draft);
  },

  "local.dropped"(draft, { client_id }) {
    draft.pending = draft.pending.filter((item) => item.client_id !== client_id);
  },

  /** The page went out of sight with everything read: what comes now is new. */
  "local.away"(draft) {
    if (!draft.room?.role) return;
    draft.newAfter = draft.head;
    draft.firstNew = null;
  },

  /** The person says that they have seen it all. */
  "local.seen": seenAll,

  /** The answer to an own message may come before its event; it does not move the head. */
  "local.sent"(draft, { message }) {
    own["message.created"](draft, { type: "message.created", message });
  },
};
