import { entryKinds } from "./rooms/core/extensions.js";
import { Folds } from "./rooms/stream/folds.js";
import { equal, ok, test } from "./harness.js";

entryKinds.dish = { create: () => document.createElement("li"), update() {}, like: ({ value }) => (value.done ? value.name : null), folded: (entries) => `${entries.length} more` };
const dish = (seq, name, done = true) => ({ key: `dish:${seq}`, type: "dish", entry: { seq, value: { name, done } } });
const many = (first, count, name = "soup") => Array.from({ length: count }, (_, index) => dish(first + index, name));
const said = (rows) => rows.map(({ type, entry, text }) => text ?? `${type} ${entry.seq}`);
const word = { key: "message:99", type: "message", entry: { seq: 99 } };

test("many alike in a row are one line and the last of them", () => {
  equal(said(new Folds().fold(many(1, 9))), ["8 more", "dish 9"]);
  equal(said(new Folds().fold(many(1, 4))), ["dish 1", "dish 2", "dish 3", "dish 4"]);
});

test("another kind, one that has not ended and what was said between them end the row", () => {
  equal(said(new Folds().fold([...many(1, 5), ...many(6, 5, "cake")])), ["4 more", "dish 5", "4 more", "dish 10"]);
  equal(said(new Folds().fold([...many(1, 5), dish(6, "soup", false), ...many(7, 2)])), ["4 more", "dish 5", "dish 6", "dish 7", "dish 8"]);
  equal(said(new Folds().fold([...many(1, 2), word, ...many(100, 2)])), ["dish 1", "dish 2", "message 99", "dish 100", "dish 101"]);
});

test("what has stood by itself stays", () => {
  const folds = new Folds();
  folds.fold(many(5, 4));
  equal(said(folds.fold(many(1, 20))), ["4 more", "dish 5", "dish 6", "dish 7", "dish 8", "11 more", "dish 20"]);
  const running = new Folds();
  running.fold([...many(1, 4), dish(5, "soup", false)]);
  equal(said(running.fold(many(1, 5))).length, 5, "also when it has become like the others");
});

test("a line that is the same is the same row, and opens for good", () => {
  const folds = new Folds();
  const rows = many(1, 9);
  const [line] = folds.fold(rows);
  ok(folds.fold(rows)[0] === line);
  const more = [...many(-3, 4), ...rows];
  equal(said(folds.fold(more)), ["12 more", "dish 9"]);
  equal(folds.fold(more)[0].key, line.key, "it is the same line when older ones come to it");
  folds.open(folds.fold(more)[0]);
  equal(folds.fold(more).length, 13);
  folds.forget();
  equal(said(folds.fold(more)), ["12 more", "dish 9"]);
});
