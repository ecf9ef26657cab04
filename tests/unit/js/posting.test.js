import { mayPost, paceOf } from "./rooms/features/rooms/posting.js";
import { mayEdit } from "./rooms/features/messages/edit.js";
import { apply, fromPage } from "./rooms/core/store.js";
import { equal, test } from "./harness.js";

const may = { member: { announce: false }, moderator: { announce: true }, owner: { announce: true } };
/** @returns {any} */
const state = (role, more = {}) => ({ may, room: { slug: "lobby", role, who_posts: "members", slow_mode: 0, edit_window: "always", ...more } });

test("where only moderators post, others read", () => {
  for (const role of [null, "member", "moderator"]) equal(mayPost(state(role)), true);
  const whoMay = [null, "member", "moderator", "owner"].map((role) => mayPost(state(role, { who_posts: "moderators" })));
  equal(whoMay, [false, false, true, true]);
  // A server of before says nothing of it.
  equal(mayPost(state("member", { who_posts: undefined })), true);
});

test("slow mode is for those who do not look after the room", () => {
  equal([null, "member", "moderator"].map((role) => paceOf(state(role, { slow_mode: 30 }))), [30, 30, 0]);
  equal(paceOf(state("member", { slow_mode: undefined })), 0);
});

test("who may not post edits nothing either", () => {
  const ana = { id: 1, name: "Ana" };
  /** @type {any} */
  const message = { author: ana, kind: "text", at: "2026-05-01T09:00:00Z", deleted: null };
  const opened = { ...state("member"), user: ana, withdrawn: null };
  equal(mayEdit(message, opened, 0), true);
  equal(mayEdit(message, { ...opened, room: { ...opened.room, who_posts: "moderators" } }, 0), false);
});

test("the list of rooms holds no descriptions", () => {
  /** @type {any} */
  const page = {
    user: { id: 1, name: "Ana" }, epoch: "e", now: "2026-05-01T09:00:00Z", rooms: [{ slug: "lobby", name: "Lobby" }],
    room: { slug: "lobby", name: "Lobby", role: "member", unread: 0 }, head: 1, messages: [], notices: [],
  };
  const changed = { name: "Hall", description: "What for", description_html: "<p>What for</p>", slow_mode: 10 };
  const after = apply(fromPage(page), [{ type: "room.changed", room: "lobby", seq: 2, at: page.now, changed }], { now: 0, reducers: {} });
  equal([after.room.description, after.room.slow_mode], ["What for", 10]);
  equal(after.rooms, [{ slug: "lobby", name: "Hall", slow_mode: 10 }]);
});
