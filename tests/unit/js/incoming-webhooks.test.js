import { example, factsOf } from "./rooms/features/incoming_webhooks/webhooks.js";
import { equal, test } from "./harness.js";

const reader = { id: 1, name: "Ana" };
// Where the tests' browser is, in the afternoon of a Friday.
const now = Date.UTC(2026, 4, 1, 12, 0, 0);

test("a webhook says who made it and what came by it", () => {
  equal(factsOf({ by: reader, uses: 0, used_at: null }, reader, now), "Made by you · not used yet");
  const used = { uses: 1200, used_at: "2026-05-01T11:00:00.000000Z" };
  equal(factsOf({ by: { id: 2, name: "Ben" }, ...used }, reader, now), "Made by Ben · 1,200 messages, last 13:00");
  equal(factsOf({ by: null, ...used, uses: 1 }, reader, now), "Made by Somebody who left · 1 message, last 13:00");
});

test("it can be tried from a shell", () => {
  equal(example("https://a.example/hooks/x"), `curl -d '{"body": "Hello"}' https://a.example/hooks/x`);
});
