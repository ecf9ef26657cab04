import { Reading } from "./rooms/features/reading/read-marker.js";
import { unreadText } from "./rooms/stream/unread-bar.js";
import { equal, fakeTimers, settled, test } from "./harness.js";

const timers = fakeTimers();
const ana = { id: 1, name: "Ana" };
const said = (seq, author = 2) => ({ seq, at: "2026-05-01T09:00:00Z", kind: "message", value: { seq, author: { id: author } } });
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => said(from + index));
const room = (more = {}) => ({ slug: "lobby", role: "member", read_seq: 0, unread: 0, ...more });
const state = (entries, more = {}) => ({ user: ana, room: room(), entries, older: true, newer: false, head: entries.at(-1)?.seq ?? 0, ...more });

function reading(of, head) {
  const told = [];
  let refuse = false;
  const connection = { command: ({ seq, epoch }) => (refuse || epoch !== "e1" ? Promise.reject(new Error("away")) : (told.push(seq), Promise.resolve())) };
  const made = new Reading(connection);
  made.begin({ room: of, head, epoch: "e1" });
  return { made, told, refuse: (whether) => (refuse = whether), look: (of, seen) => (made.look(of, seen), made.soon()) };
}

test("whoever opens a room at its end has not read what stands between", async () => {
  const { made, told, look } = reading(room({ read_seq: 4, unread: 3000 }), 3004);
  const end = state(run(2955, 3004));
  look(end, { first: 2990, last: 3004 });
  await timers.pass(1000);
  equal([made.upTo, made.follows, told], [4, false, []]);
  look(state(run(2956, 3005)), { first: 2991, last: 3005 });
  equal(made.upTo, 4, "nor by what comes then");
});

test("what is seen from the cursor on is read, as far as it was in sight", async () => {
  const { made, told, look } = reading(room({ read_seq: 4, unread: 96 }), 100);
  const all = state(run(1, 80), { older: false, newer: true, head: 100 });
  look(all, { first: 1, last: 3 });
  equal(made.upTo, 4);
  look(all, { first: 3, last: 9 });
  equal([made.upTo, made.follows], [9, true]);
  look(all, { first: 20, last: 29 });
  await timers.pass(700);
  equal([made.upTo, told], [29, [29]], "going on by hand passes what is between");
  made.jumped();
  look(all, { first: 60, last: 70 });
  equal([made.upTo, made.follows], [29, false], "being brought somewhere does not");
  look(state(run(1, 100), { older: false, head: 105 }), { first: 30, last: Infinity });
  equal(made.upTo, 105, "the end, and what is no row there");
});

test("everything is read by who says so", () => {
  const { made, told } = reading(room({ read_seq: 4, unread: 3000 }), 3004);
  made.all(3004);
  equal([made.upTo, told, made.follows], [3004, [3004], true]);
});

test("what comes while somebody looks at the end is read, also what runs through too fast to be seen", () => {
  const { made, look } = reading(room({ read_seq: 50 }), 50);
  look(state(run(1, 50)), { first: 40, last: Infinity });
  look(state(run(1, 150)), { first: 140, last: Infinity });
  equal(made.upTo, 150);
  made.jumped(); // away, and back
  look(state(run(1, 250)), { first: 240, last: Infinity });
  equal(made.upTo, 150);
});

test("own messages and what others have read elsewhere are not unread", () => {
  const { made, look } = reading(room({ read_seq: 4, unread: 1 }), 8);
  look(state([said(4), said(5, 1), said(6, 1), said(7), said(8)]), { first: 7, last: Infinity });
  equal(made.upTo, 8);
  look(state(run(1, 20), { room: room({ read_seq: 15 }) }), null);
  equal(made.upTo, 15);
});

test("a server that was away is told again", async () => {
  const { told, refuse, look } = reading(room({ read_seq: 1, unread: 1 }), 2);
  refuse(true);
  look(state(run(1, 2)), { first: 1, last: Infinity });
  await timers.pass(700);
  await settled();
  refuse(false);
  look(state(run(1, 2)), { first: 1, last: 2 });
  await timers.pass(700);
  equal(told, [2]);
});

test("who is no member has no cursor", async () => {
  const { told, look } = reading(room({ role: null, read_seq: null }), 2);
  look(state(run(1, 3), { room: room({ role: null, read_seq: null }) }), { first: 1, last: 3 });
  await timers.pass(700);
  equal(told, []);
});

test("the bar is there while the news begin above what is in sight", () => {
  const at = new Date(2026, 4, 1, 19, 30).getTime();
  const news = { room: room(), rooms: [{ slug: "lobby", unread: 3000 }], newAfter: 4, firstNew: { seq: 5, at: new Date(2026, 4, 1, 14, 5).toISOString() } };
  equal(unreadText(news, { first: 2990, last: 3004 }, false, at), ["3,000 new messages", " since 14:05"]);
  equal(unreadText(news, { first: 2, last: 30 }, false, at), null, "in sight");
  equal(unreadText(news, { first: 40, last: 60 }, true, at), null, "read on");
  equal(unreadText({ ...news, rooms: [{ slug: "lobby", unread: 0 }] }, { first: 2990, last: 3004 }, false, at), null);
  equal(unreadText({ ...news, newAfter: null }, { first: 2990, last: 3004 }, false, at), null);
});
