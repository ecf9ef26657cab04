import { noticesOf } from "./rooms/features/notices/choose.js";
import { iconOf } from "./rooms/features/notices/icon.js";
import { equal, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
/** @returns {any} */
const row = (slug, more = {}) => ({ slug, name: slug.toUpperCase(), visibility: "public", unread: 0, mentions: 0, ...more });
/** @returns {any} */
const state = (more = {}) => ({
  user: ana, room: { ...row("lobby"), role: "member" }, rooms: [row("lobby"), row("den", { unread: 2, mentions: 1 }), row("ben-1", { name: "Ben", visibility: "direct" })], entries: [], ...more,
});
const said = (seq, more = {}) => ({
  type: "message.created", room: "lobby", seq, at: "", message: { id: 100 + seq, room: "lobby", seq, author: ben, body: `line ${seq}`, kind: "text", deleted: null, mentions: [], ...more },
});
const unread = (room, count, seq = 9) => ({ type: "unread", room, unread: count, seq });
const mentions = (room, count, seq = 9) => ({ type: "mentions", room, mentions: count, seq });
const told = (events, level, before = state()) => noticesOf(events, before, level).map(({ room, title, body }) => [room, title, body].join("|"));

test("in the room that is open a message is told of as the person wants it", () => {
  equal([told([said(3)], "nothing"), told([said(3)], "mentions"), told([said(3)], "all")], [[], [], ["lobby|Ben in LOBBY|line 3"]]);
  const mentioned = said(4, { mentions: [{ user: ana }] });
  equal(told([mentioned], "mentions"), ["lobby|Ben in LOBBY|line 4"]);
  equal(told([said(4, { mentions: [{ user: null }] })], "mentions").length, 1, "everybody");
  const direct = state({ room: { ...row("lobby", { visibility: "direct" }), role: "member" } });
  equal(told([said(4)], "mentions", direct), ["lobby|Ben|line 4"]);
});

test("nobody is told of what is their own, deleted, known, or of a room of others", () => {
  const nothing = [said(3, { author: ana }), said(3, { deleted: { at: "", by: null } }), said(3, { kind: "system" })];
  equal(told(nothing, "all"), []);
  equal(told([said(3)], "all", state({ entries: [{ seq: 3 }] })), []);
  equal(told([said(3)], "all", state({ room: { ...row("lobby"), role: null } })), []);
});

test("of other rooms the counts tell", () => {
  equal(told([unread("den", 3)], "mentions"), []);
  equal(told([unread("den", 3)], "all"), ["den|DEN|3 unread messages"]);
  equal(told([unread("den", 2), unread("den", 0), mentions("den", 1), unread("elsewhere", 1)], "all"), [], "no more than before");
  equal(told([mentions("den", 2), unread("den", 3)], "all"), ["den|DEN|You are mentioned here"]);
  equal(told([unread("den", 3), mentions("den", 2)], "all"), ["den|DEN|You are mentioned here"]);
  equal(told([unread("ben-1", 1)], "mentions"), ["ben-1|Ben|1 unread message"]);
  equal(told([unread("lobby", 5)], "all"), [], "the open one says it by its messages");
  equal(told([unread("den", 3)], "all", state({ room: null })), ["den|DEN|3 unread messages"], "beside the rooms");
});

test("of many in a room the last is told", () => {
  equal(told([said(3), said(4), said(5)], "all"), ["lobby|Ben in LOBBY|line 5"]);
});

test("the icon says what waits", () => {
  equal(iconOf([row("a")], null), "plain");
  equal(iconOf([row("a", { unread: 1 })], null), "unread");
  equal(iconOf([row("a", { unread: 1 })], "a"), "plain", "it is looked at");
  equal(iconOf([row("a", { unread: 1 }), row("b", { unread: 1, mentions: 1 })], null), "mentions");
  equal(iconOf([row("a", { unread: 1, visibility: "direct" })], null), "mentions");
});
