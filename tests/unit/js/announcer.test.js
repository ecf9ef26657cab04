import { Announcer, portion, spoken } from "./rooms/stream/announcer.js";
import { equal, fakeTimers, test } from "./harness.js";

const timers = fakeTimers();
const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const said = (seq, author = ben) => ({ seq, kind: "message", value: { kind: "text", author, body: `line ${seq}` } });
const state = (entries, more = {}) => ({ user: ana, entries, tail: [], changed: [], newer: false, head: entries.at(-1)?.seq ?? 0, ...more });

test("what comes is read out at once, and then in portions", async () => {
  const region = document.createElement("div");
  const announcer = new Announcer(region);
  const entries = [said(1)];
  announcer.begin(state(entries));
  announcer.hear(state(entries));
  equal(region.textContent, "", "what was there is not read out");
  let changes = 0;
  const seen = [];
  new MutationObserver(() => seen.push(++changes)).observe(region, { childList: true });
  entries.push(said(2));
  announcer.hear(state(entries));
  equal(region.textContent, "Ben: line 2");
  for (let seq = 3; seq <= 102; seq += 1) {
    entries.push(said(seq));
    announcer.hear(state(entries));
  }
  equal(region.textContent, "Ben: line 2");
  await timers.pass(3000);
  equal(region.textContent, "100 new messages from Ben");
  equal(seen.length <= 2, true);
  await timers.pass(10_000);
  announcer.hear(state([...entries, said(103, ana)]));
  equal(region.textContent, "100 new messages from Ben", "nobody is told what they said themselves");
});

test("who reads further up hears of what comes, not of what is loaded", () => {
  const region = document.createElement("div");
  const announcer = new Announcer(region);
  announcer.begin(state([said(400)]));
  announcer.hear(state([said(10), said(11)], { newer: true, tail: [said(400)], head: 400 }));
  equal(region.textContent, "");
  announcer.hear(state([said(10), said(11)], { newer: true, tail: [said(400), said(401)], head: 401 }));
  equal(region.textContent, "Ben: line 401");
});

test("lines in words", () => {
  equal(portion([{ author: "Ben", text: "a" }, { author: null, text: "Cy joined" }]), "Ben: a. Cy joined");
  equal(portion(["A", "B", "C", "D", "A"].map((author) => ({ author, text: "x" }))), "5 new messages from 4 people");
  equal(spoken({ kind: "other", value: {} }), null);
});
