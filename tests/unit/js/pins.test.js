import { apply, fromPage } from "./rooms/core/store.js";
import { saidOf } from "./rooms/features/pins/panel.js";
import { pinsOf, reducers } from "./rooms/features/pins/store.js";
import { equal, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const at = "2026-05-01T09:00:00.000000Z";
const context = { now: 0, reducers: Object.fromEntries(Object.entries(reducers).map(([type, reduce]) => [type, [reduce]])) };
/** @returns {any} */
const message = (seq, body = `line ${seq}`) => ({ id: 100 + seq, room: "lobby", seq, at, author: ana, body, html: "", kind: "text", deleted: null });
/** @type {any} */
const page = {
  user: ana, epoch: "e", now: at, rooms: [], room: { slug: "lobby", role: "owner", read_seq: 3, unread: 0, members: 1 },
  head: 3, messages: [message(2), message(3)], older: true, notices: [], members: [],
};
const told = (type, seq, of, more = {}) => ({ type, room: "lobby", seq, at, message: { id: 100 + of, seq: of }, user: ana, ...more });
const pinned = (state) => Object.keys(pinsOf(state)).map(Number);

test("what is pinned is known by its events, each once", () => {
  const state = apply(fromPage(page), [told("message.pinned", 4, 2), told("message.pinned", 5, 1), told("message.pinned", 5, 3)], context);
  equal(pinned(state), [101, 102]);
  equal(pinned(apply(state, [told("message.unpinned", 6, 2)], context)), [101]);
  const deleted = { ...message(2), deleted: { at, by: ana } };
  equal(pinned(apply(state, [told("message.deleted", 6, 2, { message: deleted, kept: true })], context)), [101]);
});

test("what a pinned message says is what it says now, or what was asked for", () => {
  const state = apply(fromPage(page), [told("message.pinned", 4, 2), told("message.pinned", 5, 1)], context);
  const { 101: far, 102: near } = pinsOf(state);
  const asked = new Map([[101, { author: ana, text: "long ago" }]]);
  equal([saidOf(near, state, asked)?.text, saidOf(far, state, asked)?.text, saidOf(far, state, new Map())], ["line 2", "long ago", null]);
  const edited = apply(state, [told("message.edited", 6, 1, { message: message(1, "better") })], context);
  equal(saidOf(far, edited, asked)?.text, "better");
});
