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
    begin: said("begin"), draw: said("draw"), goTo: said("goTo"), loading: () => () => {}, placeIn: () => null, drawUnread() {},
    scroll: { pinned: true, above: 0, below: 0, toEnd() {}, seen: () => null },
  };
  let follower;
  const sent = [];
  /** @type {any} Of the socket only what a room calls. */
  const connection = { follow: (_slug, given) => (follower = given), unfollow() {}, command: (command) => (sent.push(command), new Promise(() => {})), notify() {} };
  const room = new Room({ connection, outbox: { list: () => [], put() {}, remove() {} } });
  const listened = [];
  room.show(view, { focus() {} }, [(state) => listened.push(state.room.slug)]);
  return { room, drawn, listened, view, sent, cards: () => cards(), subscribed: (answer) => follower.onSubscribed(answer) };
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
