import { messageKinds, noticeTexts } from "./rooms/core/extensions.js";
import "./rooms/features/members/notices.js";
import { Layout, noticeText, rowsOf, sameRow } from "./rooms/stream/layout.js";
import { equal, ok, seeded, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const start = new Date(2026, 4, 1, 9).getTime();
const time = (minutes) => new Date(start + minutes * 60_000).toISOString();
const said = (seq, author, minutes, more = {}) => ({
  seq, at: time(minutes), kind: "message", value: { id: 100 + seq, seq, author, client_id: null, kind: "text", body: "b", html: "<p>b</p>", reply_to: null, ...more },
});
const notice = (seq, user, type = "member.joined") => ({ seq, at: time(0), kind: "notice", value: { type, user } });
const state = (entries, more = {}) => ({ user: ana, entries, pending: [], newAfter: null, older: false, newer: false, ...more });
const types = (rows) => rows.map((row) => row.type + (row.grouped ? "+" : ""));
const rows = (...given) => rowsOf(state(...given), start);
const plain = (text) => text.replace(/[\u2068\u2069]/gu, "");

test("messages of one author within five minutes are a group, that ends with time", () => {
  equal(types(rows([said(1, ana, 0), said(2, ana, 3), said(3, ana, 4.9), said(4, ana, 5.1), said(5, ben, 5.2)])), [
    "day", "message", "message+", "message+", "message", "message",
  ]);
});

test("a day begins with its line", () => {
  equal(types(rows([said(1, ana, 0), said(2, ana, 24 * 60)])), ["day", "message", "day", "message"]);
});

test("the line of what is new stands before the first message of others after the cursor", () => {
  equal(types(rows([said(1, ben, 0), said(2, ana, 1), said(3, ben, 2)], { newAfter: 1 })), ["day", "message", "message", "new", "message"]);
  equal(types(rows([said(5, ben, 0)], { newAfter: 3, older: true })), ["day", "message"], "not while the cursor is above what is loaded");
});

test("people who come and go are one line", () => {
  const all = rows([notice(1, ana), notice(2, ben), notice(3, { id: 3, name: "Cy" }), notice(4, { id: 4, name: "Di" })]);
  equal(types(all), ["day", "notice"]);
  equal(plain(all[1].text), "Ana, Ben and 2 others joined");
  equal(plain(rows([notice(1, ben), notice(2, ben, "member.left")])[1].text), "Ben left");
});

test("a notice is in the words of whoever has registered it", () => {
  noticeTexts["cake.baked"] = (names) => `${names} baked a cake`;
  equal(plain(noticeText([notice(1, ana), notice(2, ben, "cake.baked")])), "Ana joined · Ben baked a cake");
  delete noticeTexts["cake.baked"];
  equal(noticeText([notice(2, ben, "cake.baked")]), "", "whose words nobody has says nothing");
});

test("a message is drawn by its kind, and has no row where the one above says it", () => {
  const card = { seq: 1, at: time(0), kind: "job", value: { id: "j" } };
  const last = (seq) => said(seq, ana, 1, { kind: "last word", of: "j" });
  equal(types(rows([card, last(2)])), ["day", "job", "message"], "of a kind that nobody has registered");
  messageKinds["last word"] = { create: () => document.createElement("li"), repeats: ({ value }, above) => above?.value.id === value.of };
  equal(types(rows([card, last(2)])), ["day", "job"]);
  equal(types(rows([card, said(2, ben, 0), last(3)])), ["day", "job", "message", "of-kind"]);
  delete messageKinds["last word"];
});

test("a message keeps its row when the server has it", () => {
  const item = { client_id: "c", body: "b", at: time(1) };
  const before = rows([said(1, ben, 0)], { pending: [item] }).at(-1);
  const after = rows([said(1, ben, 0), said(2, ana, 1, { client_id: "c" })]).at(-1);
  ok(before.pending && !after.pending, "pending, then not");
  equal(before.key, after.key);
});

test("a reply shows what it answers and begins a group", () => {
  const [, first, second] = rows([said(1, ana, 0), said(2, ana, 1, { reply_to: 101 })]);
  equal([second.grouped, second.answered === first.entry.value], [false, true]);
  equal(rows([said(2, ana, 1, { reply_to: 7 })])[1].answered, "earlier");
});

test("rows that say the same are the same", () => {
  const entries = [said(1, ana, 0), notice(2, ben)];
  const [a, b] = [rows(entries), rows(entries)];
  ok(a.every((row, index) => sameRow(row, b[index])), "the same");
  ok(!sameRow(a[1], { ...a[1], grouped: true }), "another");
});

test("a row that stays the same is the same object, and only what changed is another", () => {
  const layout = new Layout();
  const entries = [said(1, ana, 0), notice(2, ben), said(3, ben, 1), said(4, ben, 2)];
  const before = layout.rows(state(entries), start);
  const grown = layout.rows(state([...entries, said(5, ben, 3)]), start);
  equal(before.map((row, index) => row === grown[index]), [true, true, true, true, true]);
  const above = layout.rows(state([said(0, ana, -1), ...entries]), start);
  equal(above.slice(-2).map((row, index) => row === before.at(index - 2)), [true, true], "those below stay");
  ok(above[2].grouped && !before[1].grouped, "the first one is in a group now");
});

test("rows that are remembered are those that would be made anew, whatever came and went", () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = seeded(seed);
    const layout = new Layout();
    const all = Array.from({ length: 80 }, (_, index) => {
      const author = random() < 0.5 ? ana : ben;
      const minutes = index * 2 + Math.floor(random() * 900);
      const kind = random();
      if (kind < 0.25) return { ...notice(index + 1, author), at: time(minutes) };
      if (kind < 0.4) return { seq: index + 1, at: time(minutes), kind: "job", value: { id: `j${index}` } };
      if (kind < 0.5) return said(index + 1, author, minutes, { kind: "job", job: `j${index - 1}` });
      return said(index + 1, author, minutes, kind < 0.6 ? { reply_to: 101 + Math.floor(random() * index) } : {});
    });
    let [from, to] = [30, 50];
    for (let step = 0; step < 25; step += 1) {
      from = Math.max(0, Math.min(60, from + Math.floor(random() * 21) - 10));
      to = Math.max(from + 1, Math.min(80, to + Math.floor(random() * 21) - 10));
      if (random() < 0.2) all[from] = { ...all[from] };
      const given = state(all.slice(from, to), {
        older: from > 0, newer: to < 80, newAfter: random() < 0.5 ? 40 : null,
        pending: random() < 0.3 ? [{ client_id: "c", body: "b", at: time(2000) }] : [],
      });
      const [remembered, anew] = [layout.rows(given, start), rowsOf(given, start)];
      equal(remembered.map(({ key }) => key), anew.map(({ key }) => key), `seed ${seed}`);
      ok(remembered.every((row, index) => sameRow(row, anew[index])), `seed ${seed}, step ${step}`);
      equal(new Set(remembered.map(({ key }) => key)).size, remembered.length, "keys differ");
    }
  }
});

test("a day that has ended does not begin again, however clocks differ", () => {
  const night = new Date(2026, 4, 1, 23, 59, 59, 900).getTime();
  const near = (seq, ms) => ({ ...said(seq, ana, 0), at: new Date(night + ms).toISOString() });
  equal(types(rows([near(1, 0), near(2, 200), near(3, 50), near(4, 300)])), ["day", "message", "day", "message", "message+", "message+"]);
});

test("what is on its way stands at the room's end only", () => {
  const item = { client_id: "c", body: "b", at: time(1) };
  equal(types(rows([said(1, ben, 0)], { pending: [item], newer: true })), ["day", "message"]);
});
