import { apply, fromPage } from "./rooms/core/store.js";
import { meantBy } from "./rooms/features/mentions/chips.js";
import { nameAt, optionsOf } from "./rooms/features/mentions/completion.js";
import { sections } from "./rooms/shell/sidebar.js";
import { equal, test } from "./harness.js";

const ana = { id: 1, name: "Ana" };
const ben = { id: 2, name: "Ben" };
const context = { now: 1_000_000, reducers: {} };
const at = (seq) => new Date(Date.UTC(2026, 4, 1, 9, 0, seq)).toISOString();
const toAna = [{ name: "ana", user: ana }];
const toAll = [{ name: "room", user: null }];
/** @returns {any} */
const message = (seq, more = {}) => ({
  id: 100 + seq, room: "lobby", seq, at: at(seq), author: ben, body: `line ${seq}`, html: "", kind: "text",
  reply_to: null, client_id: null, attachments: [], mentions: [], deleted: null, ...more,
});
const created = (seq, more = {}) => ({ type: "message.created", room: "lobby", seq, at: at(seq), message: message(seq, more) });
const edited = (seq, of, more = {}) => ({ type: "message.edited", room: "lobby", seq, at: at(seq), message: message(of, more) });
const gone = (seq, of) => ({ type: "message.deleted", room: "lobby", seq, at: at(seq), kept: false, message: message(of, { deleted: { at: at(seq), by: null } }) });
const told = (mentions, seq, room = "lobby") => ({ type: "mentions", room, mentions, seq });
const unread = (count, seq, room = "lobby") => ({ type: "unread", room, unread: count, seq });
const row = (slug) => ({ slug, name: slug, visibility: "public", unread: 0, mentions: 0 });
/** @returns {any} */
const page = (more = {}) => ({
  user: { ...ana, staff: false }, epoch: "e", now: at(50), rooms: [row("lobby"), row("den")],
  room: { ...row("lobby"), role: "member", read_seq: 0, members: 2, archived: false },
  head: 0, messages: [], older: false, notices: [], members: [], ...more,
});
const mentionsIn = (state, slug = "lobby") => state.rooms.find((room) => room.slug === slug).mentions;
const after = (...events) => mentionsIn(apply(fromPage(page()), events, context));

test("who is mentioned, by name or with everybody, has one more; by themselves, none", () => {
  equal(after(created(1, { mentions: toAna }), created(2, { mentions: toAll }), created(3), created(3, { mentions: toAna })), 2);
  equal(after(created(1, { mentions: [{ name: "eve", user: { id: 3, name: "Eve" } }] })), 0);
  equal(after(created(1, { mentions: toAna, author: ana })), 0);
});

test("an edit adds and takes away, and so does a deletion", () => {
  equal(after(created(1), edited(2, 1, { mentions: toAna })), 1);
  equal(after(created(1, { mentions: toAna }), edited(2, 1, { mentions: toAll })), 1);
  equal(after(created(1, { mentions: toAna }), edited(2, 1)), 0);
  equal(after(created(1, { mentions: toAna }), created(2, { mentions: toAna }), gone(3, 1)), 1);
});

test("the server's number counts as of its place in the log, whatever comes first", () => {
  const both = [created(1, { mentions: toAna }), told(1, 1)];
  equal([after(...both), after(both[1], both[0])], [1, 1]);
  // Read up to 1 elsewhere, told after 2 has come.
  equal(after(created(1, { mentions: toAna }), created(2, { mentions: toAna }), told(0, 1)), 1);
  // What is late counts for nothing.
  equal(after(created(1, { mentions: toAna }), created(2), told(0, 2), told(1, 1)), 0);
});

test("of another room the server tells it, and with nothing unread nothing is left", () => {
  let state = apply(fromPage(page()), [told(2, 5, "den"), unread(3, 5, "den")], context);
  equal(mentionsIn(state, "den"), 2);
  // One that was told before the mention and came after it.
  state = apply(state, [unread(0, 4, "den")], context);
  equal(mentionsIn(state, "den"), 2);
  state = apply(state, [unread(0, 6, "den")], context);
  equal(mentionsIn(state, "den"), 0);
});

test("who speaks has read everything", () => {
  equal(after(created(1, { mentions: toAna }), created(2, { author: ana })), 0);
});

test("a page beside the rooms counts as well", () => {
  const state = apply(fromPage(page({ room: null })), [told(1, 5, "den"), unread(1, 5, "den")], context);
  equal(mentionsIn(state, "den"), 1);
  equal(sections(state.rooms, null).map(({ rooms }) => rooms.map(({ slug, mentions }) => [slug, mentions])), [[["den", 1]], [["lobby", 0]]]);
});

test("a room that is looked at shows no number, and never more mentions than unread messages", () => {
  const rooms = [{ ...row("lobby"), unread: 2, mentions: 1 }, { ...row("den"), mentions: 1 }];
  const shown = sections(/** @type {any} */ (rooms), "lobby").flatMap((section) => section.rooms);
  equal(shown.map(({ mentions }) => mentions), [0, 0]);
});

test("where a name is being written", () => {
  const cases = { "@": 0, "hi @an": 3, "(@a": 1, "a@b": -1, "@ana ": -1, "x/@a": -1, "\\@a": -1, "@an\n@b.c": 4, "": -1, "@änn": 0 };
  for (const [before, from] of Object.entries(cases)) equal(nameAt(before), from, before);
});

test("people are offered by name, everybody where one may, and nothing that stands there already", () => {
  const people = [{ id: 1, name: "Ana Berg", username: "ana", member: true }, { id: 2, name: "Ben", username: "ben.", member: false }];
  equal(optionsOf({ people, everybody: null }, "").map(({ insert }) => insert), ["@ana "]);
  equal(optionsOf({ people, everybody: 4 }, "ro").map(({ insert, text }) => [insert, text]), [["@ana ", "@ana"], ["@room ", "All 4 others here"]]);
  equal(optionsOf({ people, everybody: 4 }, "ana"), []);
  equal(optionsOf({ people: [], everybody: 4 }, "x"), []);
});

test("a name means whom it names exactly, or else nearly", () => {
  const mentions = [{ name: "Ana", user: ana }, { name: "ben", user: ben }];
  equal([meantBy(mentions, "ana")?.user?.id, meantBy(mentions, "BEN")?.user?.id, meantBy(mentions, "eve")], [1, 2, undefined]);
  equal(meantBy([...mentions, { name: "ana", user: ben }], "ana")?.user?.id, 2);
});
