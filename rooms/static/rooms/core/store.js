// A room as the browser knows it. Pure: an old state and some events give a new state.
//
// `entries` is what stands in the stream, by ascending `seq`, each { seq, at, kind, value }: kind
// "message", "notice", or one that another app registered. It is complete from its first entry to
// its last; how much of the room it is, `window.js` says. `head` is the last event applied.
// What is not there yet, own messages on their way, is in `pending`.
//
// `newAfter` is the seq after which something is new to the person, null when nothing is;
// `firstNew` is the first message there: { seq, at }. `arrived` counts messages of others that came
// while the room was open. `changed` are the messages that were edited or deleted lately.
//
// Events come from the socket or are local ("local.…"). Those with an `at` are entries of the room's
// log, and one at or below `head` was seen; all others are told once, whatever they carry.

import { changeOf, deleted, edited, upToDate } from "./changed-messages.js";
import * as unreadCounts from "./unread-counts.js";
import { reducers as ofNames } from "./names.js";
import { isCommand } from "./slash.js";
import { elsewhere, entryAt, place } from "./window.js";

/** @import { DurableEvent, Entry, Message, OpenRoom, Page, Person, PlainPage, PlainState } from "./shapes.js" */
/** @import { Reducer, ReducerContext, RoomEvent, RoomState } from "./shapes.js" */

export const TYPING_MS = 6000;

/** The state that a page starts from.
 *  @overload
 *  @param {Page} page
 *  @returns {RoomState} */
/** @overload
 *  @param {PlainPage} page
 *  @returns {PlainState} */
/** @param {Page | PlainPage} page
 *  @returns {RoomState | PlainState} */
export function fromPage(page) {
  const { room, user } = page;
  const entries = page.room
    ? [
        ...page.messages.map((message) => messageEntry(message)),
        ...page.notices.map((event) => noticeEntry(event)),
      ].sort((a, b) => a.seq - b.seq)
    : [];
  const unread = room?.role && room.unread > 0;
  const state = /** @type {RoomState | PlainState} */ ({
    user,
    rooms: page.rooms,
    invitations: page.invitations ?? [],
    inbox: page.inbox ?? 0,
    // Role → what the room's page offers to people who have it.
    may: page.may ?? {},
    room,
    epoch: page.epoch,
    head: page.head ?? 0,
    entries,
    older: page.older ?? false,
    newer: false,
    tail: [],
    // Messages that are open beside the stream, kept up to date like those in it.
    beside: [],
    pending: [],
    changed: [],
    members: page.members ?? [],
    present: null,
    typing: [],
    newAfter: unread ? room.read_seq : null,
    firstNew: unread ? (page.first_unread ?? firstAfter(entries, room, user)) : null,
    arrived: 0,
    // Why this person may not be here any more: "not_a_member", "banned", "deleted"; null: they may.
    withdrawn: null,
    // What other apps keep of this room, by their name: the page's, changed by their reducers.
    extra: page.extra ?? {},
  });
  const around = page.room && page.shown?.around;
  return around ? withAround(/** @type {RoomState} */ (state), around) : state;
}

/** What stands around a message that is far above the room's end.
 *  @param {RoomState} state
 *  @param {{ messages: Message[], older: boolean }} around */
function withAround(state, { messages, older }) {
  const entries = messages.map((message) => messageEntry(message));
  return elsewhere(state, { entries, older, reach: entries.at(-1)?.seq ?? 0 });
}

/** @param {Entry[]} entries
 *  @param {OpenRoom} room
 *  @param {Person} user */
function firstAfter(entries, room, user) {
  const found = entries.find((entry) => entry.seq > (room.read_seq ?? 0) && isNews(entry, user));
  return found ? { seq: found.seq, at: found.at } : null;
}

/** The database was put back: from here on positions are of another history, and what stands here
 *  may never have happened.
 *  @param {RoomState} state
 *  @param {{ epoch: string, seq: number }} place
 *  @returns {RoomState} */
export function begunAnew(state, { epoch, seq }) {
  const nothing = { entries: [], older: false, newer: false, tail: [], beside: [], changed: [], typing: [], newAfter: null, firstNew: null, extra: {} };
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
  fresh.entries = upToDate(fresh.entries, state.anew || fresh.epoch !== state.epoch ? [] : state.changed, fresh.head);
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
    changed: state.changed,
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
 *  @overload
 *  @param {RoomState} state
 *  @param {RoomEvent[]} events
 *  @param {ReducerContext} context
 *  @returns {RoomState} */
/** @overload
 *  @param {PlainState} state
 *  @param {RoomEvent[]} events
 *  @param {ReducerContext} context
 *  @returns {PlainState} */
/** @param {RoomState | PlainState} state
 *  @param {RoomEvent[]} events
 *  @param {ReducerContext} context
 *  @returns {RoomState | PlainState} */
export function apply(state, events, context) {
  // Where no room is open, only those hear that look at no room.
  const draft = /** @type {RoomState} */ ({ ...state });
  for (const event of events) {
    const elsewhere = event.room !== undefined && event.room !== state.room?.slug;
    if (!elsewhere && isDurable(event)) {
      if (event.seq <= draft.head) continue;
      draft.head = event.seq;
    }
    const { type } = event;
    for (const reduce of [unreadCounts.before[type], own[type], unreadCounts.after[type], context.reducers[type]].flat()) {
      if (reduce && (!elsewhere || reduce.anyRoom)) reduce(draft, event, context);
    }
  }
  return draft;
}

/** Whether an event is an entry of the room's log.
 *  @param {RoomEvent} event
 *  @returns {event is DurableEvent} */
const isDurable = (event) => event.at !== undefined;

/** Of a reducer of events that tell of the person's own rooms, whichever is open.
 *  @param {Reducer} reduce */
const anyRoom = (reduce) => Object.assign(reduce, { anyRoom: true });

/** Whether an entry is news to `user`: something that somebody else said.
 *  @param {Entry} entry
 *  @param {Person} user */
export const isNews = (entry, user) => entry.kind === "message" && entry.value.author?.id !== user.id && !entry.value.deleted;

/** @param {Message} message
 *  @returns {Entry} */
export const messageEntry = (message) => ({ seq: message.seq, at: message.at, kind: "message", value: message });
/** @param {DurableEvent} event
 *  @returns {Entry} */
const noticeEntry = ({ seq, at, type, member }) => ({ seq, at, kind: "notice", value: { type, user: member.user } });

/** @param {Entry[]} entries
 *  @param {number} author
 *  @param {string} clientId */
function holds(entries, author, clientId) {
  return entries.some(({ kind, value }) => kind === "message" && value.client_id === clientId && value.author?.id === author);
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
}

/** Somebody else has said something that can be read.
 *  @param {RoomState} draft
 *  @param {Message} message */
function arrived(draft, { seq, at }) {
  draft.arrived += 1;
  if (draft.newAfter !== null && seq > draft.newAfter) draft.firstNew ??= { seq, at };
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
  ...ofNames,

  "message.created"(draft, { message }) {
    const known = entryAt(draft, message.seq) !== undefined;
    if (!known) place(draft, messageEntry(message));
    if (message.author?.id === draft.user.id) {
      draft.pending = draft.pending.filter((item) => item.client_id !== message.client_id);
      if (message.kind === "text") spoke(draft, message.seq);
    } else if (!known && !message.deleted) {
      arrived(draft, message);
    }
    draft.typing = draft.typing.filter((person) => person.id !== message.author?.id);
    // Only those who are at a socket number what they send; a program that posts is not here.
    if (message.client_id) seen(draft, message.author);
  },

  "message.edited": edited,

  /** How much is unread stays as it was told: the server counts what was said, and who comes by has
   *  read it. */
  "message.deleted"(draft, event) {
    deleted(draft, event);
    if (draft.firstNew?.seq !== event.message.seq) return;
    const next = draft.entries.find((entry) => entry.seq > event.message.seq && isNews(entry, draft.user));
    draft.firstNew = next ? { seq: next.seq, at: next.at } : null;
  },

  "member.joined"(draft, event) {
    const { member, seq } = /** @type {DurableEvent} */ (event);
    place(draft, noticeEntry(/** @type {DurableEvent} */ (event)));
    if (!draft.members.some((known) => known.user.id === member.user.id)) {
      draft.members = [...draft.members, member];
      draft.room = { ...draft.room, members: draft.room.members + 1 };
    }
    if (member.user.id === draft.user.id) {
      // What was there before they came is not new to them.
      draft.room = { ...draft.room, role: member.role, muted_until: member.muted_until ?? null, read_seq: seq - 1, unread: 0, mentions: 0 };
      if (!draft.rooms.some((room) => room.slug === draft.room.slug)) draft.rooms = [...draft.rooms, draft.room];
    }
  },

  "member.left"(draft, event) {
    const { user } = event.member;
    place(draft, noticeEntry(/** @type {DurableEvent} */ (event)));
    draft.members = draft.members.filter((known) => known.user.id !== user.id);
    draft.room = { ...draft.room, members: Math.max(0, draft.room.members - 1) };
    if (user.id === draft.user.id) {
      draft.room = { ...draft.room, role: null, muted_until: null, read_seq: null };
      draft.rooms = draft.rooms.filter((room) => room.slug !== draft.room.slug);
    }
  },

  "room.changed"(draft, { changed: told }) {
    // A room between two is called otherwise by each of them.
    const changed = draft.room.visibility === "direct" ? { ...told, name: draft.room.name } : told;
    draft.room = { ...draft.room, ...changed };
    const { description: _, description_html: __, ...listed } = changed;
    draft.rooms = draft.rooms.map((room) => (room.slug === draft.room.slug ? { ...room, ...listed } : room));
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
    draft.room = { ...draft.room, read_seq: Math.max(seq ?? 0, draft.room.read_seq ?? 0) };
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
  "local.sent"(draft, { message }, context) {
    const known = changeOf(draft, message.id);
    if (known?.gone) draft.pending = draft.pending.filter((item) => item.client_id !== message.client_id);
    else own["message.created"](draft, { type: "message.created", message: known?.message ?? message }, context);
  },
};
