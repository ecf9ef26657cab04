import { afterGap, apply, begunAnew, fromPage, TYPING_MS } from "./rooms/core/store.js";
import { equal, seeded, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const context = { now: 1_000_000, reducers: {} };

const at = (seq) => new Date(Date.UTC(2026, 4, 1, 9, 0, seq)).toISOString();
const message = (seq, author = ben, more = {}) => ({
  id: 100 + seq, room: "lobby", seq, at: at(seq), author, body: `line ${seq}`, html: `<p>line ${seq}</p>`, kind: "text",
  reply_to: null, client_id: null, job: null, attachments: [], ...more,
});
const created = (seq, author, more) => ({ type: "message.created", room: "lobby", seq, at: at(seq), message: message(seq, author, more) });
const member = (type, seq, user) => ({ type, room: "lobby", seq, at: at(seq), member: { user, role: "member", joined_at: at(seq) } });
/** Only what these tests need of it.
 *  @returns {any} */
const page = (more = {}) => ({
  user: { ...ana, staff: false },
  rooms: [{ slug: "lobby", name: "Lobby", unread: 0, visibility: "public" }],
  room: { slug: "lobby", name: "Lobby", role: "member", read_seq: 0, unread: 0, members: 1, archived: false },
  head: 0, messages: [], older: false, notices: [], members: [{ user: ana, role: "member" }], ...more,
});
const seqs = (state) => state.entries.map((entry) => entry.seq);

test("events come in once, in order, whatever comes twice", () => {
  const state = apply(fromPage(page()), [created(1), created(2), created(2), created(1), created(3)], context);
  equal(seqs(state), [1, 2, 3]);
  equal(state.head, 3);
});

test("the old state is not touched", () => {
  const old = fromPage(page({ messages: [message(1)], head: 1 }));
  const copy = structuredClone(old);
  apply(old, [created(2), member("member.joined", 3, ben), { type: "typing", room: "lobby", user: ben }], context);
  equal(old, copy);
});

test("somebody who is called something else is so wherever they stand, and nobody else", () => {
  const old = fromPage(page({
    messages: [message(1), message(2, ana), message(3, ben, { body: "", deleted: { at: at(3), by: ben } })],
    head: 3, members: [{ user: ana, role: "owner" }, { user: ben, role: "member" }],
  }));
  old.present = [ana, ben];
  const benno = { id: 2, name: "Benno" };
  const changed = { ...member("member.changed", 4, benno) };
  const state = apply(old, [changed], context);
  equal(state.entries.map(({ value }) => value.author.name), ["Benno", "Ana", "Benno"]);
  equal(state.entries[2].value.deleted.by, benno);
  equal(state.entries[1] === old.entries[1], true, "what is another's is not touched");
  equal(state.members.map(({ user }) => user.name), ["Ana", "Benno"]);
  equal(state.present, [ana, benno]);
  equal(old.entries[0].value.author, ben);
  const hers = apply(state, [{ type: "person", user: { id: 1, name: "Anna" } }], context);
  equal(hers.user.name, "Anna");
  equal(hers.entries[1].value.author.name, "Anna");
});

test("events of other rooms do not come in", () => {
  equal(seqs(apply(fromPage(page()), [{ ...created(1), room: "den" }], context)), []);
});

test("one batch, many batches and a resumed connection end in the same state", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seeded(seed);
    const events = [];
    for (let seq = 1; seq <= 60; seq += 1) {
      const kind = random();
      events.push(kind < 0.8 ? created(seq, random() < 0.5 ? ana : ben) : member(kind < 0.9 ? "member.joined" : "member.left", seq, ben));
    }
    const whole = apply(fromPage(page()), events, context);
    let state = fromPage(page());
    for (let from = 0; from < events.length; ) {
      // A connection that came back tells again what came shortly before it was lost.
      const again = Math.max(0, from - Math.floor(random() * 8));
      const to = from + 1 + Math.floor(random() * 9);
      state = apply(state, events.slice(again, to), context);
      from = Math.min(to, events.length);
    }
    equal(state, whole, `seed ${seed}`);
  }
});

test("an own message is pending until it is there, and then there once", () => {
  const item = { client_id: "c1", body: "hi", at: at(1) };
  let state = apply(fromPage(page()), [{ type: "local.pending", item }], context);
  equal(state.pending, [item]);
  const mine = message(5, ana, { client_id: "c1" });
  state = apply(state, [{ type: "local.sent", message: mine }], context);
  equal([state.pending, seqs(state), state.head], [[], [5], 0], "the answer does not move the head");
  state = apply(state, [created(4), created(5, ana, { client_id: "c1" })], context);
  equal(seqs(state), [4, 5]);
});

test("what is there already does not become pending again", () => {
  const state = apply(fromPage(page({ messages: [message(1, ana, { client_id: "c1" })], head: 1 })), [
    { type: "local.pending", item: { client_id: "c1", body: "line 1", at: at(1) } },
  ], context);
  equal(state.pending, []);
});

test("somebody else's client_id confirms nothing of mine", () => {
  let state = apply(fromPage(page()), [{ type: "local.pending", item: { client_id: "c1", body: "hi", at: at(1) } }], context);
  state = apply(state, [created(1, ben, { client_id: "c1" })], context);
  equal(state.pending.length, 1);
});

test("members come and go, counted once", () => {
  let state = apply(fromPage(page()), [member("member.joined", 1, ben), member("member.joined", 2, ben)], context);
  equal([state.room.members, state.members.length], [2, 2]);
  state = apply(state, [member("member.left", 3, ben)], context);
  equal([state.room.members, state.members.map(({ user }) => user.id)], [1, [1]]);
});

test("one's own joining and leaving changes the list of rooms", () => {
  const outside = page({ rooms: [] });
  outside.room.role = null;
  let state = apply(fromPage(outside), [member("member.joined", 1, ana)], context);
  equal([state.room.role, state.rooms.map((room) => room.slug)], ["member", ["lobby"]]);
  state = apply(state, [member("member.left", 2, ana)], context);
  equal([state.room.role, state.rooms], [null, []]);
});

test("a room that is not one's own any more leaves the list, be it open or not", () => {
  const den = { slug: "den", name: "Den", unread: 3, visibility: "private" };
  const state = fromPage(page({ rooms: [...page().rooms, den] }));
  equal(apply(state, [{ type: "left", room: "den" }], context).rooms.map((room) => room.slug), ["lobby"]);
  equal(apply(state, [{ type: "left", room: "lobby" }], context).rooms.map((room) => room.slug), ["den"]);
  const elsewhere = fromPage({ ...page(), room: null, rooms: [den] });
  equal(apply(elsewhere, [{ type: "left", room: "den" }, { type: "left", room: "den" }], context).rooms, []);
});

test("typing ends with a message or with time", () => {
  const typing = { type: "typing", room: "lobby", user: ben };
  const state = apply(fromPage(page()), [typing, typing], context);
  equal(state.typing.length, 1);
  equal(apply(state, [created(1)], context).typing, []);
  equal(apply(state, [{ type: "local.tick" }], { ...context, now: context.now + TYPING_MS + 1 }).typing, []);
  equal(apply(fromPage(page()), [{ ...typing, user: ana }], context).typing, [], "not oneself");
});

test("unread counts are for all rooms and move no head", () => {
  const den = { slug: "den", name: "Den", unread: 0, visibility: "private" };
  const events = [{ type: "unread", room: "den", unread: 4, seq: 900 }, created(1, ana)];
  const state = apply(fromPage(page({ rooms: [...page().rooms, den] })), events, context);
  equal([state.rooms.map((room) => room.unread), state.head, seqs(state)], [[0, 4], 1, [1]]);
});

test("in the open room the page counts what is unread by itself", () => {
  const state = apply(fromPage(page()), [created(1), created(1), created(2, ana), created(3)], context);
  equal([state.rooms[0].unread, state.room.read_seq], [1, 2], "each of others, once, since one spoke oneself");
  equal(apply(state, [{ type: "unread", room: "lobby", unread: 0, seq: 3 }], context).rooms[0].unread, 0);
});

test("a message counts once, whether the server's number or its event is first", () => {
  const unread = (count, seq) => ({ type: "unread", room: "lobby", unread: count, seq });
  const left = (events, state = fromPage(page())) => apply(state, events, context).rooms[0].unread;
  const three = [created(1), created(2), created(3)];
  equal(left([unread(3, 3), ...three]), 3, "it overtook them");
  equal(left([...three, unread(1, 1)]), 3, "it is from before them");
  equal(left([created(1), unread(2, 2), created(2), created(3)]), 3, "it came in between");
  equal(left([...three, unread(0, 3)]), 0, "they were read elsewhere");
  equal(left([created(1), created(2, ana), unread(1, 1)]), 0, "one has spoken since");
  const listed = (count, seq) => ({ type: "local.rooms", rooms: [{ ...page().rooms[0], unread: count, seq }] });
  equal([left([listed(2, 2), ...three]), left([...three, listed(2, 2)])], [3, 3], "a list that was asked for");
});

test("after a gap the page counts, with what is newer than it", () => {
  let state = apply(fromPage(page()), [created(1), { type: "local.pending", item: { client_id: "c9", body: "x", at: at(2) } }], context);
  state = apply({ ...state, head: 500 }, [created(501)], context);
  const fresh = afterGap(state, page({ messages: [message(499), message(500)], head: 500, older: true }));
  equal([seqs(fresh), fresh.head, fresh.older, fresh.pending.length], [[499, 500, 501], 501, true, 1]);
  const confirmed = afterGap(state, page({ messages: [message(500, ana, { client_id: "c9" })], head: 500, older: true }));
  equal(confirmed.pending, [], "a message that arrived after all");
});

test("who reads further up keeps their place over a gap, and what was missed is below", () => {
  const state = apply(fromPage(page({ messages: [message(1), message(2)], head: 2 })), [], context);
  const fresh = afterGap(state, page({ messages: [message(499), message(500)], head: 500, older: true, room: { ...page().room, unread: 2 } }), true);
  equal([seqs(fresh), fresh.newer, fresh.tail.map(({ seq }) => seq), fresh.arrived], [[1, 2], true, [499, 500], 2]);
});

test("where the news begin is what the server says, else the first of them that is held", () => {
  const unread = (more) => fromPage(page({ room: { ...page().room, unread: 2, read_seq: 1 }, messages: [message(1), message(2, ana), message(3)], head: 3, ...more }));
  equal(unread().firstNew, { seq: 3, at: at(3) });
  equal(unread({ first_unread: { seq: 2, at: at(2) } }).firstNew?.seq, 2);
  const away = apply(fromPage(page()), [{ type: "local.away" }, created(1, ana), created(2), created(3)], context);
  equal([away.newAfter, away.firstNew], [null, null], "who speaks has read what stands above");
  const gone = apply(fromPage(page()), [{ type: "local.away" }, created(2), created(3)], context);
  equal([gone.newAfter, gone.firstNew, gone.arrived], [0, { seq: 2, at: at(2) }, 2]);
  equal(apply(gone, [{ type: "local.seen" }], context).newAfter, null);
});

test("who is put out sees what stood there, and that it is over", () => {
  const inside = apply(fromPage(page()), [created(1), { type: "typing", room: "lobby", user: ben }], context);
  const out = apply(inside, [{ type: "unsubscribed", room: "lobby", reason: "banned" }], context);
  equal(out.withdrawn, "banned");
  equal([out.room.role, out.rooms, out.present, out.typing], [null, [], [], []]);
  equal(seqs(out), [1]);
  equal(apply(inside, [{ type: "unsubscribed", room: "den", reason: "banned" }], context).withdrawn, null);
});

test("a room and a role that change are changed here", () => {
  const changed = { name: "Hall", topic: "t", visibility: "private", archived: true };
  const events = [
    { type: "room.changed", room: "lobby", seq: 1, at: at(1), changed },
    { type: "member.changed", room: "lobby", seq: 2, at: at(2), member: { user: ana, role: "owner" } },
  ];
  const state = apply(fromPage(page()), events, context);
  equal([state.room.name, state.room.archived, state.rooms[0].name], ["Hall", true, "Hall"]);
  equal([state.room.role, state.members[0].role], ["owner", "owner"]);
});

test("what is durable is told by its `at` alone, whatever else carries a seq", () => {
  let state = apply(fromPage(page({ head: 5 })), [{ type: "poll.viewed", room: "lobby", seq: 9 }], context);
  equal(state.head, 5);
  state = apply(state, [created(6)], context);
  equal([seqs(state), state.head], [[6], 6]);
});

test("any number of reducers hear an event, also one that the store knows", () => {
  const heard = [];
  /** @type {Record<string, import("./rooms/core/shapes.js").Reducer[]>} */
  const reducers = { "member.changed": [(_, { seq }) => heard.push(seq), (_, { seq }) => heard.push(-(seq ?? 0))] };
  const changed = { type: "member.changed", room: "lobby", seq: 1, at: at(1), member: { user: ana, role: "owner" } };
  const state = apply(fromPage(page()), [changed, changed], { now: 0, reducers });
  equal([heard, state.room.role], [[1, -1], "owner"]);
});

test("only reducers that ask for it hear of rooms that are not open", () => {
  const heard = [];
  const reducers = { "poll.opened": [() => heard.push("here"), Object.assign(() => heard.push("anywhere"), { anyRoom: true })] };
  const state = apply(fromPage(page()), [{ type: "poll.opened", room: "den", seq: 9, at: at(9) }], { now: 0, reducers });
  equal([heard, state.head], [["anywhere"], 0]);
});

test("another epoch puts an end to all that stood there, and numbers come again", () => {
  const old = fromPage(page({ epoch: "e1", head: 9, messages: [message(8), message(9)] }));
  let state = begunAnew(old, { epoch: "e2", seq: 7 });
  equal([seqs(state), state.head, state.epoch], [[], 7, "e2"]);
  state = apply(state, [created(8, ana), created(9, ana)], context);
  equal(state.entries.map(({ value }) => value.author.name), ["Ana", "Ana"]);
  state = afterGap(state, page({ epoch: "e2", head: 8, messages: [message(6), message(8, ana)] }));
  equal([seqs(state), state.head], [[6, 8, 9], 9]);
});

test("a page of another epoch than the socket's is believed as it is", () => {
  const state = begunAnew(fromPage(page({ epoch: "e1", head: 9, messages: [message(9)] })), { epoch: "e2", seq: 20 });
  const after = afterGap(apply(state, [created(21)], context), page({ epoch: "e3", head: 4, messages: [message(4)] }));
  equal([seqs(after), after.head, after.epoch], [[4], 4, "e3"]);
});
