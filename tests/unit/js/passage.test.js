import { Passage } from "./rooms/shell/room-navigation.js";
import { equal, fakeTimers, settled, test } from "./harness.js";

const timers = fakeTimers();

/** A passage, and what the server is asked: each request waits for `answer` or `fail`. */
function passage() {
  const asked = [];
  window.fetch = (address) =>
    new Promise((resolve, reject) => {
      const answer = (status, body) => {
        resolve(new Response(JSON.stringify(body), { status }));
        return waited();
      };
      asked.push({
        address: String(address),
        answer: (slug) => answer(200, { slug }),
        refuse: (status) => answer(status, { detail: "No." }),
        fail: () => (reject(new TypeError("Failed to fetch")), waited()),
      });
    });
  const entered = [];
  const left = [];
  const shown = [];
  const leaving = [];
  const way = new Passage({
    onLeaving: (whether) => leaving.push(whether),
    enter: ({ slug }) => entered.push(slug),
    leave: (address) => left.push(address),
    onWaiting: (slug, words) => shown.push(slug && `${slug}: ${words}`),
  });
  return { way, asked, entered, left, shown, leaving };
}
// A response's text comes by way of the browser's own tasks.
const waited = async () => {
  for (let turns = 0; turns < 5; turns += 1) {
    await new Promise((resolve) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = resolve; port2.postMessage(0); });
    await settled();
  }
};

test("a room that answers is entered, and its address stands above", async () => {
  const { way, asked, entered, shown } = passage();
  way.go("attic");
  equal(asked[0].address, "/rooms/attic/state/");
  await asked[0].answer("attic");
  equal([entered, location.pathname], [["attic"], "/rooms/attic/"]);
  await timers.pass(60_000);
  equal([asked.length, shown.some(Boolean)], [1, false], "nothing was said of it");
});

test("a message of another room is asked for with it, and its address stands above", async () => {
  const { way, asked, entered, left } = passage();
  way.go("attic", { message: 17 });
  equal(asked[0].address, "/rooms/attic/state/?message=17");
  await asked[0].answer("attic");
  equal([entered, location.pathname], [["attic"], "/rooms/attic/17"]);
  way.go("vault", { message: 18 });
  await asked[1].refuse(404);
  equal(left, ["/rooms/vault/18"]);
});

test("one that takes a while is said to open", async () => {
  const { way, asked, entered, shown } = passage();
  way.go("attic");
  await timers.pass(400);
  equal(shown.at(-1), "attic: Opening…");
  way.again();
  await asked[1].answer("attic");
  equal([entered, shown.at(-1)], [["attic"], null], "not held up by a request that was lost");
});

test("nobody is taken away while the server is not there", async () => {
  const { way, asked, entered, left, shown } = passage();
  const before = location.pathname;
  way.go("cellar");
  await asked[0].fail();
  equal([shown.at(-1), entered, left, location.pathname], ["cellar: Opens once connected", [], [], before]);
  await timers.pass(2500);
  await asked[1].refuse(502);
  way.again();
  equal(asked.length, 3, "at once when the connection is back");
  await asked[2].answer("cellar");
  equal([entered, shown.at(-1), location.pathname], [["cellar"], null, "/rooms/cellar/"]);
  await timers.pass(60_000);
  equal(asked.length, 3);
});

test("what is refused is left to the page that says why", async () => {
  for (const status of [401, 403, 404, 500]) {
    const { way, asked, left, entered } = passage();
    way.go("vault");
    await asked[0].refuse(status);
    await timers.pass(60_000);
    equal([left, entered, asked.length], [["/rooms/vault/"], [], 1], `${status}`);
  }
});

test("the last one asked for is the one that opens, whichever answers first", async () => {
  const { way, asked, entered } = passage();
  way.go("first");
  way.go("second");
  await asked[1].answer("second");
  await asked[0].answer("first");
  equal([entered, location.pathname], [["second"], "/rooms/second/"]);
});

test("who goes on here does not wait for a room that cannot be reached", async () => {
  const { way, asked, shown, leaving } = passage();
  way.go("attic");
  way.settle();
  equal(leaving.at(-1), true, "what is typed now is for the other room");
  await asked[0].fail();
  equal([leaving.at(-1), shown.at(-1)], [false, "attic: Opens once connected"]);
  way.settle();
  await timers.pass(60_000);
  equal([asked.length, shown.at(-1)], [1, null]);
});

test("who stays is not taken away later", async () => {
  const { way, asked, entered, shown } = passage();
  way.go("attic");
  await asked[0].fail();
  way.stay();
  way.again();
  await timers.pass(60_000);
  equal([asked.length, entered, shown.at(-1)], [1, [], null]);
});
