import { upToDate } from "./rooms/core/changed-messages.js";
import { afterGap, apply, fromPage, isNews } from "./rooms/core/store.js";
import { elsewhere, withOlder } from "./rooms/core/window.js";
import { mayDelete } from "./rooms/features/messages/delete.js";
import { mayEdit } from "./rooms/features/messages/edit.js";
import { changeSpoken } from "./rooms/stream/announcer.js";
import { rowsOf } from "./rooms/stream/layout.js";
import { equal, ok, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const context = { now: 1_000_000, reducers: {} };
const at = (seq) => new Date(Date.UTC(2026, 4, 1, 9, 0, seq)).toISOString();
/** @returns {any} */
const message = (seq, more = {}) => ({
  id: 100 + seq, room: "lobby", seq, at: at(seq), author: ben, body: `line ${seq}`, html: `<p>line ${seq}</p>`, kind: "text",
  reply_to: null, client_id: null, edited_at: null, deleted: null, attachments: [], ...more,
});
const created = (seq, more = {}) => ({ type: "message.created", room: "lobby", seq, at: at(seq), message: message(seq, more) });
const edited = (seq, of, body, more = {}) => ({ type: "message.edited", room: "lobby", seq, at: at(seq), message: message(of, { body, edited_at: at(seq), ...more }) });
const nothing = (seq) => ({ body: "", html: "", deleted: { at: at(seq), by: ben } });
const deleted = (seq, of, kept, more = {}) => ({ type: "message.deleted", room: "lobby", seq, at: at(seq), kept, message: message(of, { ...nothing(seq), ...more }) });
/** @returns {any} */
const page = (more = {}) => ({
  user: { ...ana, staff: false }, epoch: "e", now: at(50),
  rooms: [{ slug: "lobby", name: "Lobby", unread: 0, visibility: "public" }],
  room: { slug: "lobby", name: "Lobby", role: "member", read_seq: 0, unread: 0, members: 1, archived: false, edit_window: 60 },
  head: 3, messages: [message(1), message(2), message(3)], older: false, notices: [], members: [{ user: ana, role: "member" }], ...more,
});
const bodies = (state) => state.entries.map(({ value }) => value.body);

test("an edit takes the place of what stood there, and is no news", () => {
  const before = fromPage(page());
  const state = apply(before, [edited(4, 2, "better")], context);
  equal(bodies(state), ["line 1", "better", "line 3"]);
  equal([state.arrived, state.rooms[0].unread, state.head], [0, 0, 4]);
  equal(bodies(before), ["line 1", "line 2", "line 3"], "the old state is not touched");
});

test("a deletion takes it away, or leaves a mark", () => {
  equal(bodies(apply(fromPage(page()), [deleted(4, 2, false)], context)), ["line 1", "line 3"]);
  const marked = apply(fromPage(page()), [deleted(4, 2, true)], context);
  equal(bodies(marked), ["line 1", "", "line 3"]);
  ok(!isNews(marked.entries[1], ana), "what is deleted is no news");
});

test("who stands elsewhere has the room's end right as well", () => {
  let state = fromPage(page({ messages: [message(40), message(41)], older: true, head: 41 }));
  state = elsewhere(state, { entries: [{ seq: 2, at: at(2), kind: "message", value: message(2) }], older: true, reach: 2 });
  state = apply(state, [edited(42, 40, "better"), deleted(43, 41, false), edited(44, 2, "also")], context);
  equal([bodies(state), state.tail.map(({ value }) => value.body)], [["also"], ["better"]]);
});

test("what is fetched meanwhile and is older than what was heard", () => {
  let state = apply(fromPage(page({ messages: [message(3)], older: true })), [edited(4, 2, "better"), deleted(5, 1, false)], context);
  const entries = [1, 2].map((seq) => ({ seq, at: at(seq), kind: "message", value: message(seq) }));
  state = withOlder(state, { entries, older: false });
  equal(bodies(state), ["better", "line 3"]);
  const fresh = afterGap(state, page({ head: 4, messages: [message(1), message(2, { body: "newest" }), message(3)] }));
  equal(bodies(fresh), ["newest", "line 3"], "what the page knew already it knows better");
  equal(upToDate(entries, state.changed, 5), entries);
});

test("a late answer does not bring back what is deleted", () => {
  const mine = { author: ana, client_id: "c" };
  let state = apply(fromPage(page()), [created(4, mine), deleted(5, 4, false, mine)], context);
  state = apply(state, [{ type: "local.sent", message: message(4, mine) }], context);
  equal(bodies(state), ["line 1", "line 2", "line 3"]);
});

test("a log that was scrubbed tells of it without its text", () => {
  const state = apply(fromPage(page()), [created(4, nothing(6)), edited(5, 4, "", nothing(6)), deleted(6, 4, false)], context);
  equal([bodies(state), state.arrived, state.rooms[0].unread], [["line 1", "line 2", "line 3"], 0, 1], "the server counts it");
});

test("where news begin when their first is deleted", () => {
  const unread = { room: { ...page().room, unread: 2, read_seq: 1 } };
  const state = apply(fromPage(page(unread)), [deleted(4, 2, false)], context);
  equal(state.firstNew?.seq, 3);
  equal(apply(state, [deleted(5, 3, false)], context).firstNew, null);
});

test("answers show what they answer as it is now", () => {
  const state = fromPage(page({ messages: [message(1), message(2, { reply_to: 101 })] }));
  const answered = (now) => rowsOf(now, Date.parse(at(50))).at(-1).answered;
  equal(answered(apply(state, [edited(4, 1, "better")], context)).body, "better");
  ok(answered(apply(state, [deleted(4, 1, true)], context)).deleted, "the mark");
});

test("a mark where an app's message was is drawn as one", () => {
  const state = apply(fromPage(page()), [deleted(4, 2, true, { kind: "job" })], context);
  equal(rowsOf(state, Date.parse(at(50))).map(({ type }) => type), ["day", "message", "message", "message"]);
});

test("who may edit and delete", () => {
  const state = fromPage(page({ may: { moderator: { delete: ["none", "member"] } }, members: [{ user: ben, role: "owner" }] }));
  const mine = message(1, { author: ana });
  const when = Date.parse(at(1));
  equal([mayEdit(mine, state, when + 59_999), mayEdit(mine, state, when + 60_000)], [true, false]);
  equal([mayEdit(message(1), state, when), mayEdit({ ...mine, kind: "job" }, state, when)], [false, false]);
  /** @type {any} */
  const always = { ...state, room: { ...state.room, edit_window: "always" } };
  equal([mayEdit(mine, always, when + 1e12), mayEdit(mine, { ...always, room: { ...always.room, archived: true } }, when)], [true, false]);
  equal([mayDelete(mine, state), mayDelete(message(1), state)], [true, false]);
  const moderator = { ...state, room: { ...state.room, role: "moderator" } };
  equal([mayDelete(message(1), moderator), mayDelete(message(1, { author: { id: 9, name: "C" } }), moderator)], [false, true]);
});

test("what a screen reader hears", () => {
  const said = (event) => changeSpoken(event, ana).text;
  equal(said(edited(4, 1, "better")), "A message of Ben was edited: better");
  equal(said(deleted(4, 1, false, { author: ana })), "Your message was deleted");
});
