import { delay, delayAfterBye } from "./rooms/core/backoff.js";
import { Connection, Lost } from "./rooms/core/connection.js";
import { equal, fakeTimers, ok, seeded, settled, test } from "./harness.js";

const timers = fakeTimers();

class FakeSocket {
  /** @type {((message: { data: string }) => void) | null} */
  onmessage = null;
  /** @type {((close: { code: number, reason: string }) => void) | null} */
  onclose = null;
  readyState = WebSocket.OPEN;
  sent = [];
  closed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  says(...objects) {
    this.onmessage?.({ data: JSON.stringify(objects) });
    return settled();
  }
  breaks(code = 1006) {
    this.onclose?.({ code, reason: "" });
    return settled();
  }
  last(type) {
    return this.sent.findLast((command) => command.type === type);
  }
}

const hello = { type: "hello", protocol: 1, heartbeat: 25, user: { id: 1, name: "Ana" } };
const loggedOut = { type: "bye", code: 4503, reason: "You are logged out.", reconnect: false };
const notLoggedIn = { type: "bye", code: 4501, reason: "Log in first.", reconnect: false };

function connect() {
  const sockets = [];
  const byes = [];
  const anew = [];
  const events = [];
  const phases = [];
  const connection = new Connection({
    url: "ws://modules.test/ws/",
    open: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1);
    },
    onEvents: (some) => events.push(...some),
    userId: 1,
    onPhase: (phase, bye) => {
      phases.push(phase);
      if (bye) byes.push(bye.reason);
    },
    onAnew: () => anew.push(true),
    random: () => 0.5,
  });
  connection.start();
  return { connection, sockets, events, phases, byes, anew, get socket() { return sockets.at(-1); } };
}

test("answers find their commands, events come in the order of the frame", async () => {
  const all = connect();
  await all.socket.says(hello, { type: "typing", room: "a" });
  const answer = all.connection.command({ type: "ping" });
  await all.socket.says({ type: "x", seq: 1 }, { id: all.socket.last("ping").id, type: "pong" }, { type: "x", seq: 2 });
  equal((await answer).type, "pong");
  equal(all.events.map((event) => event.seq ?? event.type), ["typing", 1, 2]);
});

test("a refusal fails with its words", async () => {
  const all = connect();
  await all.socket.says(hello);
  const answer = all.connection.command({ type: "send" }).catch((error) => error);
  await all.socket.says({ id: all.socket.last("send").id, type: "error", code: "busy", message: "Later.", temporary: true, retry_after: 2 });
  const error = await answer;
  equal([error.code, error.message, error.temporary, error.retryAfter], ["busy", "Later.", true, 2]);
});

test("what was not answered goes out again, in order; what must not, fails", async () => {
  const all = connect();
  await all.socket.says(hello);
  const first = all.connection.command({ type: "send", client_id: "1" }, { resend: true });
  all.connection.command({ type: "send", client_id: "2" }, { resend: true });
  const lost = all.connection.command({ type: "read" }).catch((error) => error);
  await all.socket.breaks();
  ok((await lost) instanceof Lost, "reading is not sent again");
  all.connection.command({ type: "send", client_id: "3" }, { resend: true });
  await timers.pass(1000);
  equal(all.sockets.length, 2);
  equal(all.socket.sent, [], "nothing before hello");
  await all.socket.says(hello);
  equal(all.socket.sent.map((command) => command.client_id), ["1", "2", "3"]);
  await all.socket.says({ id: all.socket.sent[0].id, type: "sent" });
  equal((await first).type, "sent");
});

test("many commands go out a few at a time, in order", async () => {
  const all = connect();
  const answers = Array.from({ length: 300 }, (_, n) => all.connection.command({ type: "send", client_id: n }, { resend: true }));
  await all.socket.says(hello);
  equal(all.socket.sent.length, 16);
  for (let n = 0; n < 300; n += 1) await all.socket.says({ id: all.socket.sent[n].id, type: "sent" });
  await Promise.all(answers);
  equal(all.socket.sent.map((command) => command.client_id), Array.from({ length: 300 }, (_, n) => n));
});

test("what came too fast goes out again when it may, and is not lost", async () => {
  const all = connect();
  await all.socket.says(hello);
  const answers = ["1", "2", "3"].map((client_id) => all.connection.command({ type: "send", client_id }, { resend: true }));
  const [first, second, third] = all.socket.sent;
  const refused = { type: "error", code: "rate_limited", message: "", temporary: true };
  await all.socket.says({ id: first.id, type: "sent" }, { id: second.id, ...refused, retry_after: 0.5 });
  await all.socket.says({ id: third.id, ...refused, retry_after: 1 });
  all.connection.command({ type: "send", client_id: "4" }, { resend: true });
  await timers.pass(999);
  equal(all.socket.sent.length, 3, "not before the last of them may");
  await timers.pass(1);
  equal(all.socket.sent.slice(3).map((command) => command.client_id), ["2", "3", "4"]);
  for (const { id } of all.socket.sent.slice(3)) await all.socket.says({ id, type: "sent" });
  equal((await Promise.all(answers)).length, 3);
});

test("a refusal does not hold up the next connection", async () => {
  const all = connect();
  await all.socket.says(hello);
  all.connection.command({ type: "send", client_id: "1" }, { resend: true });
  await all.socket.says({ id: all.socket.sent[0].id, type: "error", code: "rate_limited", message: "", temporary: true, retry_after: 60 });
  await all.socket.breaks();
  await timers.pass(1000);
  await all.socket.says(hello);
  equal(all.socket.sent.map((command) => command.client_id), ["1"]);
});

test("a room is followed from where it was", async () => {
  const all = connect();
  let seen = 7;
  const answers = [];
  all.connection.follow("lobby", { position: () => ({ after: seen, epoch: "e1" }), onSubscribed: (answer) => answers.push(answer) });
  await all.socket.says(hello);
  equal(all.socket.last("subscribe"), { id: all.socket.sent[0].id, type: "subscribe", room: "lobby", after: 7, epoch: "e1" });
  await all.socket.says({ id: all.socket.sent[0].id, type: "subscribed", seq: 7, recovered: true });
  seen = 12;
  await all.socket.breaks();
  await timers.pass(1000);
  await all.socket.says(hello);
  equal(all.socket.last("subscribe").after, 12);
  equal(answers.length, 1);
});

test("an answer for a room that was left is not told", async () => {
  const all = connect();
  const answers = [];
  all.connection.follow("lobby", { position: () => ({ after: 0, epoch: "e1" }), onSubscribed: (answer) => answers.push(answer) });
  await all.socket.says(hello);
  all.connection.unfollow("lobby");
  await all.socket.says({ id: all.socket.sent[0].id, type: "subscribed" });
  equal([answers, all.socket.last("unsubscribe").room], [[], "lobby"]);
});

test("a bye that lets nobody back ends it", async () => {
  const all = connect();
  await all.socket.says(hello);
  const pending = all.connection.command({ type: "send" }, { resend: true }).catch((error) => error);
  await all.socket.says({ type: "bye", code: 4510, reason: "Too many connections.", reconnect: false });
  await all.socket.breaks(4510);
  await timers.pass(60_000);
  equal([all.sockets.length, all.phases.at(-1)], [1, "closed"]);
  ok((await pending) instanceof Lost, "the command fails");
});

test("a code that lets nobody back counts without its bye", async () => {
  const all = connect();
  await all.socket.says(hello);
  await all.socket.breaks(4509);
  equal(all.phases.at(-1), "closed");
});

/** The server says three times more that nobody is logged in. */
async function putOut(all) {
  await all.socket.says(hello, loggedOut);
  await all.socket.breaks(4503);
  for (let doubts = 0; doubts < 3; doubts += 1) {
    ok(all.phases.at(-1) === "waiting", `doubt ${doubts}`);
    await timers.pass(1500);
    await all.socket.says(notLoggedIn);
    await all.socket.breaks(4501);
  }
}

test("a browser that has another session by now comes back by itself, with what waited", async () => {
  const all = connect();
  await all.socket.says(hello, loggedOut);
  const answer = all.connection.command({ type: "send" }, { resend: true });
  await all.socket.breaks(4503);
  await timers.pass(1500);
  // The new session's cookie is not there yet.
  await all.socket.says(notLoggedIn);
  await all.socket.breaks(4501);
  await timers.pass(1500);
  await all.socket.says(hello);
  await all.socket.says({ id: all.socket.last("send").id, type: "sent" });
  equal((await answer).type, "sent");
  equal([all.sockets.length, all.phases.at(-1), all.byes, all.anew], [3, "open", [], []]);
  await putOut(all);
  equal(all.phases.at(-1), "closed", "a later end is doubted as often");
});

test("who is logged out is told the first reason, and not asked about without end", async () => {
  const all = connect();
  await putOut(all);
  equal([all.phases.at(-1), all.byes], ["closed", ["You are logged out."]]);
  await timers.pass(3_600_000);
  equal(all.sockets.length, 4);
});

test("who comes back to a page that was logged out gets it anew once they are logged in", async () => {
  const all = connect();
  await putOut(all);
  const told = all.phases.length;
  window.dispatchEvent(new Event("focus"));
  window.dispatchEvent(new Event("focus"));
  equal(all.sockets.length, 5);
  await all.socket.says(notLoggedIn);
  await all.socket.breaks(4501);
  await timers.pass(60_000);
  equal([all.sockets.length, all.phases.length, all.anew], [5, told, []], "nothing is said");
  window.dispatchEvent(new Event("focus"));
  await all.socket.says(hello);
  equal([all.sockets.length, all.anew, all.socket.sent], [6, [true], []]);
});

test("nobody speaks on somebody else's page", async () => {
  const all = connect();
  await all.socket.says(hello);
  all.connection.command({ type: "send", client_id: "1" }, { resend: true }).catch(() => null);
  await all.socket.breaks();
  await timers.pass(1000);
  const socket = all.socket;
  await socket.says({ ...hello, user: { id: 2, name: "Ben" } });
  equal([all.anew, socket.sent, socket.closed], [[true], [], true]);
});

test("a bye that says when is obeyed", async () => {
  const all = connect();
  await all.socket.says(hello, { type: "bye", code: 4001, reason: "", reconnect: true, retry_in: 3 });
  await all.socket.breaks(4001);
  await timers.pass(3000);
  equal(all.sockets.length, 1);
  await timers.pass(1000);
  equal(all.sockets.length, 2);
});

test("silence is a lost connection, a heartbeat is not silence", async () => {
  const all = connect();
  await all.socket.says(hello);
  await timers.pass(50_000);
  await all.socket.says({ type: "heartbeat" });
  await timers.pass(50_000);
  equal(all.phases.at(-1), "open");
  await timers.pass(6_000);
  equal([all.socket.closed || all.sockets[0].closed, all.phases.includes("waiting")], [true, true]);
});

test("an answer that does not come is asked after, and then the line is dead", async () => {
  const all = connect();
  await all.socket.says(hello);
  all.connection.command({ type: "send", client_id: "1" }, { resend: true });
  await timers.pass(4_999);
  equal(all.socket.last("ping"), undefined);
  await timers.pass(1);
  ok(all.socket.last("ping"), "asked after");
  await timers.pass(4_999);
  equal(all.phases.at(-1), "open");
  await timers.pass(1);
  equal([all.sockets[0].closed, all.phases.at(-1)], [true, "waiting"]);
  await timers.pass(1000);
  await all.socket.says(hello);
  equal(all.socket.sent.map(({ client_id }) => client_id), ["1"]);
});

test("a server that says anything at all is slow, not gone", async () => {
  const all = connect();
  await all.socket.says(hello);
  const answer = all.connection.command({ type: "send", client_id: "1" }, { resend: true });
  for (let turns = 0; turns < 20; turns += 1) {
    await timers.pass(5_000);
    const { id } = all.socket.last("ping");
    await timers.pass(4_000);
    await all.socket.says(turns % 2 ? { id, type: "pong" } : { type: "x", seq: turns });
  }
  equal([all.sockets.length, all.phases.at(-1)], [1, "open"]);
  await all.socket.says({ id: all.socket.sent[0].id, type: "sent" }, ...all.socket.sent.slice(1).map(({ id }) => ({ id, type: "pong" })));
  await answer;
  const asked = all.socket.sent.length;
  await timers.pass(24_000);
  equal(all.socket.sent.length, asked, "nobody waits, nobody asks");
});

test("a line that is only slow gets longer each time, until something is answered", async () => {
  const all = connect();
  await all.socket.says(hello);
  all.connection.command({ type: "send", client_id: "1" }, { resend: true });
  for (const seconds of [10, 15, 25, 45, 45]) {
    await timers.pass(seconds * 1000 - 1);
    equal(all.phases.at(-1), "open", `${seconds} s`);
    await timers.pass(1);
    equal(all.phases.at(-1), "waiting", `${seconds} s`);
    await timers.pass(500);
    await all.socket.says(hello);
  }
  await all.socket.says({ id: all.socket.last("send").id, type: "sent" });
  all.connection.command({ type: "send", client_id: "2" }, { resend: true });
  await timers.pass(10_000);
  equal(all.phases.at(-1), "waiting");
  await timers.pass(500);
  await all.socket.says(hello);
  await timers.pass(5_000);
  await all.socket.says({ id: all.socket.last("ping").id, type: "pong" });
  await timers.pass(10_000);
  equal(all.phases.at(-1), "waiting", "a pong is an answer, too");
});

test("another network is a reason to ask", async () => {
  const all = connect();
  await all.socket.says(hello);
  navigator["connection"].dispatchEvent(new Event("change"));
  ok(all.socket.last("ping"), "asked");
  await timers.pass(5_000);
  equal(all.phases.at(-1), "waiting");
});

test("a socket that never says hello is given up", async () => {
  const all = connect();
  await timers.pass(10_000);
  equal([all.sockets[0].closed, all.phases.at(-1)], [true, "waiting"]);
});

test("waits grow, are spread, and end at twenty seconds", () => {
  const random = seeded(3);
  for (let failures = 0; failures < 50; failures += 1) {
    const bound = Math.min(20, 0.5 * 2 ** failures) * 1000;
    const waits = Array.from({ length: 200 }, () => delay(failures, random));
    ok(waits.every((wait) => wait >= 0 && wait <= bound), `within ${bound}`);
    ok(Math.max(...waits) > bound * 0.8 && Math.min(...waits) < bound * 0.2, "over the whole range");
  }
  ok(delayAfterBye(null, random) <= 1000, "at once, nearly");
});
