import { histories } from "./rooms/core/extensions.js";
import { Room } from "./rooms/stream/room.js";
import { equal, fakeTimers, settled, test } from "./harness.js";

const timers = fakeTimers();
/** Only what these tests need of it.
 *  @returns {any} */
const page = (slug, more = {}) => ({
  now: "2026-05-01T09:00:00Z", user: { id: 1, name: "Ana" }, rooms: [], room: { slug, role: "member", unread: 0, members: 1, read_seq: 3 },
  head: 3, messages: [], older: true, notices: [], members: [], ...more,
});
const someone = (room) => ({ type: "typing", room, user: { id: 2, name: "Bo" } });
const frames = async (count = 2) => {
  for (let frame = 0; frame < count; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
};

/** A room whose view writes down what it is told, and whose cards come when `cards()` is called. */
function shown() {
  const drawn = [];
  let cards;
  histories.splice(0, histories.length, () => new Promise((resolve) => (cards = () => resolve([]))));
  const said = (what) => (state) => drawn.push(`${what} ${state.room.slug}`);
  const view = {
    begin: said("begin"), reveal: (seq) => drawn.push(`reveal ${seq}`), draw: said("draw"), goTo: said("goTo"), loading: () => () => {}, placeIn: () => null, drawUnread() {},
    scroll: { pinned: true, above: 0, below: 0, toEnd() {}, seen: () => null },
  };
  let follower;
  const sent = [];
  /** @type {any} Of the socket only what a room calls. */
  const connection = { follow: (_slug, given) => (follower = given), unfollow() {}, command: (command) => (sent.push(command), new Promise(() => {})), notify() {} };
  const room = new Room({ connection, outbox: { list: () => [], put() {}, remove() {} } });
  const listened = [];
  const told = [];
  room.show(view, { focus() {}, complain() {}, tell: (words) => told.push(words) }, [(state) => listened.push(state.room.slug)]);
  return { room, drawn, told, listened, view, sent, cards: () => cards(), subscribed: (answer) => follower.onSubscribed(answer) };
}

test("a room is drawn first by its beginning, whatever comes while it waits for cards", async () => {
  const { room, drawn, listened, cards } = shown();
  const entering = room.enter(page("lobby"));
  room.receive([someone("lobby")]);
  await frames();
  equal(drawn, []);
  equal(listened.includes("lobby"), true, "what stands around the stream is drawn");
  cards();
  await entering;
  equal(drawn[0], "begin lobby");
  equal(room.state.typing.length, 1);
});

test("without cards a room begins all the same, and they are drawn when they come", async () => {
  const { room, drawn, view, cards } = shown();
  view.scroll.above = 10_000;
  const entering = room.enter(page("lobby"));
  await timers.pass(300);
  await entering;
  equal(drawn, ["begin lobby"]);
  cards();
  await settled();
  await frames();
  equal(drawn, ["begin lobby", "draw lobby"]);
});

test("the rows of the room before are not drawn over by the next one before it begins", async () => {
  const { room, drawn, view, cards } = shown();
  view.scroll.above = 10_000;
  const first = room.enter(page("lobby"));
  cards();
  await first;
  await frames();
  room.receive([someone("lobby")]);
  const second = room.enter(page("attic"));
  drawn.length = 0;
  await frames();
  equal(drawn, []);
  cards();
  await second;
  equal(drawn[0], "begin attic");
});

test("nothing older is loaded for a room that has not begun", async () => {
  const { room, drawn } = shown();
  const asked = [];
  window.fetch = (address) => (asked.push(String(address)), new Promise(() => {}));
  room.enter(page("lobby"));
  room.moved();
  await settled();
  equal([asked, drawn], [[], []]);
});

test("whoever speaks while they read further up is at the end at once, without asking anybody", async () => {
  const { room, view, cards } = shown();
  const entering = room.enter(page("lobby"));
  cards();
  await entering;
  const entry = (seq) => ({ seq, at: "", kind: "message", value: { id: seq, author: null } });
  room.state = { ...room.state, entries: [entry(1)], newer: true, tail: [entry(90)], head: 90 };
  view.scroll.pinned = false;
  view.scroll.above = view.scroll.below = 10_000;
  room.send("hello");
  equal([room.state.newer, room.state.entries.map(({ seq }) => seq), room.state.pending.length], [false, [90], 1]);
});

test("after the database was put back, reading goes on in the room and from where its page says", async () => {
  const { room, sent, cards, subscribed } = shown();
  const entering = room.enter(page("lobby", { epoch: "e1" }));
  cards();
  await entering;
  const later = page("lobby", { epoch: "e2", head: 9, members: [{ user: { id: 1, name: "Ana" }, role: "member" }] });
  window.fetch = () => Promise.resolve(new Response(JSON.stringify(later), { headers: { "Content-Type": "application/json" } }));
  subscribed({ seq: 9, epoch: "e2", recovered: false });
  for (let tries = 0; tries < 100 && !room.state.members.length; tries += 1) await frames(1);
  room.receive([{ type: "presence", room: "lobby", seq: 12, at: "2026-05-01T09:00:01Z", present: [] }]);
  room.markRead();
  equal(sent.filter(({ type }) => type === "read"), [{ type: "read", room: "lobby", seq: 12, epoch: "e2" }]);
});

const said = (seq) => ({ id: seq, seq, at: "2026-05-01T08:00:00Z", author: { id: 2 } });
const around = { messages: [said(11), said(12)], older: true };
const far = { head: 90, messages: [said(90)], room: { slug: "lobby", role: "member", unread: 1, members: 1, read_seq: 89 } };

test("who opens an old message is brought to it, and has not read the room's end", async () => {
  const { room, drawn, told, view, sent } = shown();
  document.hasFocus = () => true;
  Object.assign(view.scroll, { pinned: false, above: 10_000, below: 10_000, seen: () => ({ first: 11, last: 12 }) });
  const entering = room.enter(page("lobby", { ...far, shown: { id: 12, seq: 12, deleted: false, around } }));
  await timers.pass(300);
  await entering;
  equal(drawn.slice(0, 2), ["begin lobby", "reveal 12"]);
  equal([room.state.entries.map(({ seq }) => seq), room.state.newer, room.state.tail.length], [[11, 12], true, 1]);
  await timers.pass(10_000);
  equal([told, sent], [[], []]);
});

test("what comes to a room that was opened where nobody looks is new", async () => {
  const { room, cards } = shown();
  document.hasFocus = () => false;
  const entering = room.enter(page("lobby", { head: 3 }));
  cards();
  await entering;
  room.receive([{ type: "message.created", room: "lobby", seq: 4, at: said(4).at, message: said(4) }]);
  equal([room.state.newAfter, room.state.firstNew?.seq, room.follows], [3, 4, false]);
  document.hasFocus = () => true;
});

test("a message that is not there is said to be gone, on opening and by a link", async () => {
  const { room, drawn, told, cards } = shown();
  const entering = room.enter(page("lobby", { shown: { id: 5, seq: null, deleted: false, around: null } }));
  cards();
  await entering;
  equal([drawn[0], drawn.includes("reveal"), told.length], ["begin lobby", false, 1]);
  window.fetch = () => Promise.resolve(new Response("{}", { status: 404 }));
  await room.revealMessage(6);
  equal(told.length, 2);
});

test("of two messages that are asked for, the last one is shown", async () => {
  const { room, drawn, cards } = shown();
  const entering = room.enter(page("lobby", { messages: [said(3)], older: false }));
  cards();
  await entering;
  let answer = (_response) => {};
  window.fetch = () => new Promise((resolve) => (answer = resolve));
  const first = room.revealMessage(1);
  await room.revealMessage(3);
  answer(new Response(JSON.stringify({ id: 1, seq: 1 })));
  await first;
  equal(drawn.filter((each) => each.startsWith("reveal")), ["reveal 3"]);
});
