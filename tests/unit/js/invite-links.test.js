import { factsOf, useOf } from "./rooms/features/invite_links/links.js";
import { equal, test } from "./harness.js";

const reader = { id: 1, name: "Ana" };
// Where the tests' browser is, in the afternoon of a Friday.
const now = Date.UTC(2026, 4, 1, 12, 0, 0);
const link = (more) => ({ by: reader, state: "open", until: null, uses: 0, most_uses: null, ...more });

test("a link says how often it was used, and how often it may be", () => {
  equal(useOf(link({})), "Not used yet");
  equal(useOf(link({ uses: 1 })), "Let 1 person in");
  equal(useOf(link({ uses: 1200 })), "Let 1,200 people in");
  equal(useOf(link({ most_uses: 1 })), "Let 0 of 1 person in");
  equal(useOf(link({ uses: 3, most_uses: 10 })), "Let 3 of 10 people in");
});

test("a link says whose it is and until when it stands", () => {
  equal(factsOf(link({}), reader, now), "Made by you · never runs out");
  const ben = { by: { id: 2, name: "Ben" } };
  equal(factsOf(link({ ...ben, until: "2026-05-01T13:00:00.000000Z" }), reader, now), "Made by Ben · runs out at 15:00");
  equal(factsOf(link({ ...ben, until: "2026-05-02T13:00:00.000000Z" }), reader, now), "Made by Ben · runs out tomorrow at 15:00");
  equal(factsOf(link({ until: "2026-04-30T13:00:00.000000Z", state: "expired" }), reader, now), "Made by you · ran out yesterday at 15:00");
});
