import { apply, fromPage } from "./rooms/core/store.js";
import { reducers, shownOf, threadOf } from "./rooms/features/threads/store.js";
import { equal, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const at = "2026-05-01T09:00:00.000000Z";
const context = { now: 0, reducers: Object.fromEntries(Object.entries(reducers).map(([type, reduce]) => [type, [reduce]])) };
/** @returns {any} */
const message = (seq, more = {}) => ({ id: 100 + seq, room: "lobby", seq, at, author: ben, body: `line ${seq}`, html: "", kind: "text", deleted: null, reply_to: null, client_id: null, ...more });
/** @type {any} */
const page = {
  user: ana, epoch: "e", now: at, rooms: [], room: { slug: "lobby", role: "member", read_seq: 2, unread: 0, members: 2 },
  head: 2, messages: [message(1), message(2)], older: true, notices: [], members: [],
};
const reply = (seq, more = {}) => message(seq, { reply_to: 101, thread: { id: 101, seq: 1 }, ...more });
const created = (told) => ({ type: "message.created", room: "lobby", seq: told.seq, at: told.at, message: told });
const deleted = (seq, told, kept) => ({ type: "message.deleted", room: "lobby", seq, at, kept, message: { ...told, body: "", deleted: { at, by: ben } } });
const repliesOf = (state) => state.entries[0].value.replies;
const opened = (state) => apply(state, [{ type: "local.thread", root: state.entries[0].value }], context);
const beside = (state) => state.beside.map(({ seq }) => seq);

test("a message counts its replies, and knows which are counted", () => {
  let state = apply(fromPage(page), [created(reply(3)), created(reply(4))], context);
  equal([repliesOf(state).count, repliesOf(state).seq], [2, 4]);
  state = apply(state, [deleted(5, reply(3), false)], context);
  equal([repliesOf(state).count, repliesOf(state).seq], [1, 5]);
  const fetched = fromPage({ ...page, messages: [message(1, { replies: { count: 2, seq: 4, at } })] });
  equal(repliesOf(apply(fetched, [created(reply(3)), created(reply(4)), created(reply(5))], context)).count, 3, "those it did not count");
});

test("the thread that is open hears of what is said in it, edited, deleted and renamed", () => {
  let state = opened(fromPage(page));
  state = apply(state, [created(reply(3)), created(message(4)), created(reply(5)), created(reply(5))], context);
  equal(beside(state), [1, 3, 5]);
  const edited = { ...reply(3), body: "better", edited_at: at };
  state = apply(state, [{ type: "message.edited", room: "lobby", seq: 6, at, message: edited }, deleted(7, reply(5), false)], context);
  equal([beside(state), state.beside[1].value.body], [[1, 3], "better"]);
  state = apply(state, [{ type: "person", user: { ...ben, name: "Benno" } }], context);
  equal(state.beside.map(({ value }) => value.author.name), ["Benno", "Benno"]);
  state = apply(state, [{ type: "local.thread", root: null }], context);
  equal([threadOf(state), state.beside], [null, []]);
});

test("who replies follows, and who is answered for the first time", () => {
  const follows = (events, root) => threadOf(apply(opened(fromPage({ ...page, messages: [message(1, { author: root })] })), events, context))?.follows;
  equal([follows([created(reply(3))], ben), follows([created(reply(3, { author: ana }))], ben), follows([created(reply(3))], ana)], [false, true, true]);
});

test("what is fetched of a thread joins what was heard meanwhile", () => {
  let state = apply(opened(fromPage(page)), [created(reply(3)), created(reply(9)), deleted(10, reply(3), false)], context);
  const fetched = { root: message(1, { replies: { count: 2, seq: 8, at } }), messages: [reply(3), reply(8)], next: "/more", follows: true, head: 8 };
  state = apply(state, [{ type: "local.thread-page", page: fetched }], context);
  equal(beside(state), [1, 8, 9], "what was deleted since does not come back");
  equal([threadOf(state)?.older, threadOf(state)?.follows], [true, true]);
  state = apply(state, [{ type: "local.thread-page", page: { ...fetched, root: message(2) } }], context);
  equal(beside(state), [1, 8, 9], "another thread's");
});

test("a thread shows its root first, no quote of it, and what is on its way", () => {
  const state = apply(opened(fromPage(page)), [
    created(reply(3)), created(reply(4, { reply_to: 103 })),
    { type: "local.pending", item: { client_id: "a", body: "x", at, reply_to: 101 } },
    { type: "local.pending", item: { client_id: "b", body: "y", at, reply_to: null } },
  ], context);
  const shown = shownOf(state);
  equal(shown.entries.map(({ value }) => value.reply_to), [null, null, 103]);
  equal(shown.pending.map(({ client_id, reply_to }) => [client_id, reply_to]), [["a", null]]);
  equal(shownOf(state).entries[1] === shown.entries[1], true, "the same, so that its row is");
});
