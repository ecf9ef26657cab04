import { apply, fromPage } from "./rooms/core/store.js";
import { elsewhere } from "./rooms/core/window.js";
import { codeAt } from "./rooms/features/reactions/codes.js";
import { step } from "./rooms/features/reactions/grid.js";
import { checked, quick, withUse } from "./rooms/features/reactions/habits.js";
import { isOwn, note } from "./rooms/features/reactions/own.js";
import { whoReacted } from "./rooms/features/reactions/pills.js";
import { reducers } from "./rooms/features/reactions/store.js";
import { coded, inTone, read, search } from "./rooms/features/reactions/table.js";
import { equal, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const context = { now: 1_000_000, reducers: Object.fromEntries(Object.entries(reducers).map(([type, reduce]) => [type, [reduce]])) };
const at = (seq) => new Date(Date.UTC(2026, 4, 1, 9, 0, seq)).toISOString();
/** @returns {any} */
const message = (seq, more = {}) => ({
  id: 100 + seq, room: "lobby", seq, at: at(seq), author: ben, body: `line ${seq}`, html: "", kind: "text",
  reply_to: null, client_id: null, attachments: [], reactions: [], ...more,
});
const event = (seq, of, emoji, users, type = "reaction.added") => ({
  type, room: "lobby", seq, at: at(seq), message: { id: 100 + of, seq: of }, user: users.at(-1) ?? ana, emoji, count: users.length, users,
});
/** @returns {any} */
const page = (more = {}) => ({
  user: { ...ana, staff: false }, epoch: "e", now: at(50), rooms: [],
  room: { slug: "lobby", name: "Lobby", role: null, read_seq: null, unread: 0, members: 1, archived: false },
  head: 3, messages: [message(1), message(2), message(3)], older: false, notices: [], members: [], ...more,
});
const edited = (seq, of, body) => ({ type: "message.edited", room: "lobby", seq, at: at(seq), message: message(of, { body, edited_at: at(seq) }) });
/** @param {any} value */
const shown = ({ reactions }) => reactions.map(({ emoji, count }) => `${emoji}${count}`).join(" ");

test("an event takes the place of what stood there, and an emoji keeps its own", () => {
  const before = fromPage(page());
  const added = [event(4, 2, "👍", [ana]), event(5, 2, "🎉", [ben]), event(6, 2, "👍", [ana, ben]), event(6, 2, "👍", [ana, ben])];
  const state = apply(before, added, context);
  equal(state.entries.map(({ value }) => shown(value)), ["", "👍2 🎉1", ""]);
  equal([state.arrived, state.head, shown(before.entries[1].value)], [0, 6, ""]);
  const fewer = apply(state, [event(7, 2, "👍", [], "reaction.removed"), event(8, 2, "👍", [ben])], context);
  equal(shown(fewer.entries[1].value), "🎉1 👍1");
});

test("what is not held, or is another message, stays as it is", () => {
  const state = apply(fromPage(page()), [event(4, 9, "👍", [ana]), { ...event(5, 2, "👍", [ana]), message: { id: 7, seq: 2 } }], context);
  equal(state.entries.map(({ value }) => shown(value)), ["", "", ""]);
});

test("who stands elsewhere has the room's end right as well", () => {
  let state = fromPage(page({ messages: [message(40)], older: true, head: 40 }));
  state = elsewhere(state, { entries: [{ seq: 2, at: at(2), kind: "message", value: message(2) }], older: true, reach: 2 });
  state = apply(state, [event(41, 40, "👍", [ana]), event(42, 2, "🎉", [ana])], context);
  equal([shown(state.entries[0].value), shown(state.tail[0].value)], ["🎉1", "👍1"]);
});

test("whether it is one's own", () => {
  const many = { emoji: "👍", count: 30, users: [ben] };
  equal([isOwn(message(1), { ...many, users: [ana] }, ana), isOwn(message(1), many, ana)], [true, false]);
  note(101, "👍", true);
  equal([isOwn(message(1), many, ana), isOwn(message(1), { ...many, count: 1 }, ana), isOwn(message(2), many, ana)], [true, false, false]);
  equal(whoReacted({ emoji: "👍", count: 2, users: [ana, ben] }, ana, true), "You and \u2068Ben\u2069");
  equal(whoReacted({ emoji: "👍", count: 30, users: [ben] }, ana, false), "\u2068Ben\u2069 and 29 others");
});

const groups = read({
  groups: [
    ["Smileys", [["😄", "grinning face with smiling eyes", "smile", "happy"], ["😸", "grinning cat", "smile_cat", ""], ["🙂", "slightly smiling face", "slight_smile", ""]]],
    ["People", [["👋", "waving hand", "wave", "hello", "👋🏻"]]],
  ],
});

test("emoji are found by name, code and what else they are called", () => {
  const texts = (found) => found.map(({ text }) => text).join("");
  equal([texts(search(groups, "smile")), texts(search(groups, "hap")), texts(search(groups, "cat grin")), texts(search(groups, "hello"))], ["😄😸🙂", "😄", "😸", "👋"]);
  equal([texts(search(groups, "")), texts(search(groups, "xyz"))], ["", ""]);
  equal(coded(groups, "smi").map(({ code }) => code), ["smile", "smile_cat", "slight_smile"]);
  equal([inTone(groups[1].emoji[0], 5), inTone(groups[1].emoji[0], 0), inTone(groups[0].emoji[0], 5)], ["👋🏿", "👋", "😄"]);
});

test("where a short code begins", () => {
  equal([":smi", "a :smi", "(:+1", "line\n:tada"].map(codeAt), [0, 2, 1, 5]);
  equal([":s", "10:30", "a:smile", "https://x", ":smile:", ": smi", ""].map(codeAt), Array(7).fill(-1));
});

test("arrows go through rows and groups", () => {
  const go = (at, key) => step([5, 2], 3, at, key);
  equal([go(null, "ArrowDown"), go(null, "ArrowLeft"), go([0, 0], "x"), step([], 3, null, "ArrowDown")], [[0, 0], null, null, null]);
  equal([go([0, 4], "ArrowRight"), go([1, 1], "ArrowRight"), go([1, 0], "ArrowLeft"), go([0, 0], "ArrowLeft")], [[1, 0], [1, 1], [0, 4], [0, 0]]);
  equal([go([0, 2], "ArrowDown"), go([0, 4], "ArrowDown"), go([1, 1], "ArrowDown"), go([1, 1], "ArrowUp"), go([0, 4], "ArrowUp"), go([0, 1], "ArrowUp")], [[0, 4], [1, 1], [1, 1], [0, 4], [0, 1], [0, 1]]);
  equal([go([0, 3], "PageDown"), go([1, 1], "PageDown"), go([1, 1], "PageUp")], [[1, 0], [1, 0], [0, 0]]);
});

test("habits: the latest first, the most used in the quick row, nonsense is forgotten", () => {
  let kept = checked(null);
  equal(quick(kept), ["👍", "❤️", "😂", "🎉", "😮", "🙏"]);
  for (const emoji of ["🚀", "🎉", "🚀", "😄"]) kept = withUse(kept, emoji);
  equal(kept.used, [["😄", 1], ["🚀", 2], ["🎉", 1]]);
  equal(quick(kept), ["🚀", "😄", "🎉", "👍", "❤️", "😂"]);
  equal(checked({ used: [["👍"], 3, ["x".repeat(99), 1], ["👍", 2]], tone: 9 }), { used: [["👍", 2]], tone: 0 });
});

test("what is remembered of an edited message has the reactions that came after", () => {
  const state = apply(fromPage(page()), [edited(4, 2, "better"), event(5, 2, "👍", [ana])], context);
  equal(shown(state.changed[0].message), "👍1");
  equal(shown(state.entries[1].value), "👍1");
});
