// Threads in a room's state. What a message says of its replies follows from the room's log; the thread
// that is open beside the stream is `extra.thread`, and its messages are `beside`, the root first. Pure.

import { alter, upToDate } from "../../core/changed-messages.js";
import { messageEntry } from "../../core/store.js";

/** @import { Entry, Message, Pending, Reducer, RoomState } from "../../core/shapes.js" */
/** @typedef {{ count: number, seq: number, at: string }} Replies */
/** @typedef {{ id: number, older: boolean, follows: boolean }} OpenThread By the id of its root. */

/** @param {{ extra: Record<string, any> }} state
 *  @returns {OpenThread | null} */
export const threadOf = ({ extra }) => extra.thread ?? null;

/** The replies of a message with one more, or one less, by the event of this `seq`, unless they count it
 *  already: what is fetched may be of later than what is heard.
 *  @param {Message} message
 *  @param {{ seq: number, at?: string }} event
 *  @param {number} step
 *  @returns {Message} */
function counted(message, { seq, at }, step) {
  /** @type {Replies | undefined} */
  const known = message.replies;
  if (known && seq <= known.seq) return message;
  return { ...message, replies: { count: Math.max(0, (known?.count ?? 0) + step), seq, at: step > 0 || !known ? at : known.at } };
}

/** @type {Record<string, Reducer>} */
export const reducers = {
  "message.created"(draft, { message }) {
    const { thread } = message;
    if (!thread) return;
    alter(draft, thread, (root) => counted(root, message, 1));
    const open = threadOf(draft);
    if (open?.id !== thread.id || draft.beside.some(({ seq }) => seq === message.seq)) return;
    // Who replies follows by that, and so does who is answered for the first time.
    const begun = draft.beside.length < 2 && draft.beside[0]?.value.author?.id === draft.user.id;
    if (begun || message.author?.id === draft.user.id) draft.extra = { ...draft.extra, thread: { ...open, follows: true } };
    draft.beside = [...draft.beside, messageEntry(message)];
  },

  "message.deleted"(draft, { message, seq = 0, at }) {
    if (message.thread) alter(draft, message.thread, (root) => counted(root, { seq, at }, -1));
  },

  /** A thread was opened: its root, as it is known by now. null: none is open any more. */
  "local.thread"(draft, { root }) {
    const { thread: _, ...others } = draft.extra;
    draft.extra = root ? { ...others, thread: { id: root.id, older: false, follows: false } } : others;
    draft.beside = root ? [messageEntry(root)] : [];
  },

  /** What the server has of it: the last replies, or earlier ones. */
  "local.thread-page"(draft, { page }) {
    const open = threadOf(draft);
    if (open?.id !== page.root.id) return;
    const told = upToDate([page.root, ...page.messages].map(messageEntry), draft.changed, page.head);
    const seqs = new Set(told.map(({ seq }) => seq));
    const others = draft.beside.filter(({ seq }) => !seqs.has(seq));
    draft.beside = [...told, ...others].sort((a, b) => a.seq - b.seq);
    draft.extra = { ...draft.extra, thread: { ...open, older: page.next !== null, follows: page.follows } };
  },

  "local.thread-followed"(draft, { id, follows }) {
    const open = threadOf(draft);
    if (open?.id === id) draft.extra = { ...draft.extra, thread: { ...open, follows } };
  },
};

// As they are shown in their thread: that they answer its root goes without saying.
/** @type {WeakMap<Entry, Entry>} */
const plain = new WeakMap();

/** What the thread that is open shows, as the layout takes it.
 *  @param {RoomState} state */
export function shownOf(state) {
  const [root] = state.beside;
  /** @param {Entry} entry */
  const withoutQuote = (entry) => {
    if (entry.value.reply_to !== root.value.id) return entry;
    if (!plain.has(entry)) plain.set(entry, { ...entry, value: { ...entry.value, reply_to: null } });
    return plain.get(entry) ?? entry;
  };
  const ids = new Set(state.beside.map(({ value }) => value.id));
  /** @param {Pending} item */
  const isReply = ({ reply_to }) => reply_to !== undefined && reply_to !== null && ids.has(reply_to);
  return { ...state, entries: state.beside.map(withoutQuote), newAfter: null, newer: false, pending: pendingOf(state.pending.filter(isReply), root.value.id) };
}

/** @type {WeakMap<Pending, Pending>} */
const plainPending = new WeakMap();
function pendingOf(items, root) {
  return items.map((item) => {
    if (item.reply_to !== root) return item;
    if (!plainPending.has(item)) plainPending.set(item, { ...item, reply_to: null });
    return plainPending.get(item);
  });
}
