import { endOf, nextEnd, unmuted } from "./rooms/core/mutes.js";
import { apply, fromPage } from "./rooms/core/store.js";
import { mayReadLog, sentence } from "./rooms/features/moderation/log.js";
import { closedWords, mayPost } from "./rooms/features/rooms/posting.js";
import { equal, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const at = "2026-05-01T09:00:00.000000Z";
const later = "2026-05-01T10:00:00.000000Z";
/** @type {any} */
const context = { now: 0, reducers: { "local.unmuted": [unmuted] } };
/** @type {any} */
const page = {
  user: ben, epoch: "e", now: at, rooms: [], head: 3, messages: [], notices: [], older: false,
  room: { slug: "lobby", name: "Lobby", role: "member", read_seq: 3, unread: 0, members: 2, muted_until: null },
  members: [{ user: ana, role: "owner", muted_until: null }, { user: ben, role: "member", muted_until: null }],
};
/** @returns {any} */
const changed = (seq, muted_until) => ({ type: "member.changed", room: "lobby", seq, at, member: { user: ben, role: "member", muted_until } });

test("who is muted is known by the event, and ends by itself or by another", () => {
  const muted = apply(fromPage(page), [changed(4, later)], context);
  equal([muted.room.muted_until, mayPost(muted), nextEnd(muted)], [later, false, Date.parse(later)]);
  const early = apply(muted, [{ type: "local.unmuted", now: Date.parse(later) - 1 }], context);
  equal(early.room.muted_until, later);
  const over = apply(muted, [{ type: "local.unmuted", now: Date.parse(later) }], context);
  equal([over.room.muted_until, over.members[1].muted_until, mayPost(over), nextEnd(over)], [null, null, true, null]);
  equal(mayPost(apply(muted, [changed(5, null)], context)), true);
});

test("a minute that has begun is not over", () => {
  const now = Date.parse("2026-05-01T09:00:00Z");
  equal(endOf("2026-05-01T10:05:00.001Z", now), endOf("2026-05-01T10:05:59Z", now));
  equal(endOf("2026-05-01T10:06:00Z", now), endOf("2026-05-01T10:05:59Z", now));
  const { room } = fromPage({ ...page, room: { ...page.room, muted_until: later } });
  equal(closedWords({ room }, now)?.startsWith("You are muted here until "), true);
  equal(closedWords({ room: page.room }, now), null);
});

test("an entry of the log is one sentence", () => {
  const entry = { id: 1, at, action: "mute", actor: ana, target: ben, name: "", reason: "", details: "" };
  const plain = (given) => sentence(given).replaceAll(/[\u2068\u2069]/g, "");
  equal(plain(entry), "Ana muted Ben");
  equal(plain({ ...entry, actor: null, action: "settings", target: null }), "The site's staff changed the settings");
  equal(plain({ ...entry, action: "ban", target: null, name: "zoe" }), "Ana banned zoe");
});

test("who reads the log, as far as the page knows", () => {
  const state = fromPage(page);
  equal(mayReadLog(state), false);
  equal(mayReadLog({ ...state, room: { ...state.room, open_log: true } }), true);
  equal(mayReadLog({ ...state, may: { member: { log: true } } }), true);
  equal(mayReadLog({ ...state, room: { ...state.room, open_log: true, role: null } }), false);
});
