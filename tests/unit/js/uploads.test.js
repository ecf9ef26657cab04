import { pastedFiles } from "./rooms/features/files/drop.js";
import { factsOf } from "./rooms/features/files/uploads.js";
import { equal, test } from "./harness.js";

test("a file on its way says how far it is", () => {
  const file = { size: 2_500_000, done: 0, why: "" };
  equal(factsOf({ ...file, state: "waiting" }), "Waiting");
  equal(factsOf({ ...file, state: "going", done: 0.499 }), "49 % of 2.5 MB");
  equal(factsOf({ ...file, state: "there" }), "2.5 MB");
  equal(factsOf({ ...file, state: "failed", why: "It was stopped." }), "It was stopped.");
});

test("a picture of a table is not pasted where its text can be", () => {
  const files = [{ name: "image.png" }];
  equal(pastedFiles({ clipboardData: { types: ["Files"], files } }), files);
  equal(pastedFiles({ clipboardData: { types: ["text/html", "Files"], files } }), files);
  equal(pastedFiles({ clipboardData: { types: ["text/plain", "Files"], files } }), []);
  equal(pastedFiles({ clipboardData: null }), []);
});
