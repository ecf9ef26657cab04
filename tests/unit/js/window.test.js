import { atEnd, bounded, elsewhere, entryAt, lastEntry, MOST_ENTRIES, place, SLACK_ENTRIES, TAIL_ENTRIES, withCards, withNewer, withOlder } from "./rooms/core/window.js";
import { equal, ok, seeded, test } from "./harness.js";

const entry = (seq, value = seq) => ({ seq, at: "", kind: "message", value });
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
/** Only what these tests need of it.
 *  @returns {any} */
const state = (entries, more = {}) => ({ entries, older: true, newer: false, tail: [], changed: [], head: entries.at(-1)?.seq ?? 0, ...more });
const ends = ({ entries, tail, newer }) => [entries[0]?.seq, entries.at(-1)?.seq, newer, tail[0]?.seq, tail.at(-1)?.seq];
const placed = (given, ...entries) => {
  const draft = { ...given };
  for (const each of entries) {
    place(draft, each);
    draft.head = Math.max(draft.head, each.seq);
  }
  return draft;
};

test("what is too much goes from where the reader is not", () => {
  const full = state(run(1, MOST_ENTRIES + SLACK_ENTRIES + 50));
  equal(ends(bounded(full, null)), [101, 400, false, undefined, undefined]);
  equal(ends(bounded(full, 20)), [1, 300, true, 301, 400], "the end stays at hand");
  equal(ends(bounded(full, 200)), [51, 350, true, 301, 400]);
  equal(bounded(state(run(1, MOST_ENTRIES + SLACK_ENTRIES)), 0).newer, false, "not for every one");
});

test("what happens live goes to the end, not below what is read", () => {
  const up = bounded(state(run(1, 400)), 20);
  const more = placed(up, entry(401), entry(402));
  equal(ends(more), [1, 300, true, 301, 402]);
  ok(entryAt(more, 402) && entryAt(more, 5) && !entryAt(more, 900), "both are found");
  const many = placed(up, ...run(401, 401 + 3 * TAIL_ENTRIES));
  ok(many.tail.length <= 2 * TAIL_ENTRIES && many.tail.at(-1).seq === 401 + 3 * TAIL_ENTRIES, "the tail is bounded");
  equal(ends(atEnd(many)).slice(1, 3), [401 + 3 * TAIL_ENTRIES, false]);
});

test("an entry changes wherever it is held, and is left out where nothing is held", () => {
  const up = state(run(101, 400), { newer: true, tail: run(381, 500), head: 500 });
  const changed = placed(up, entry(390, "changed"), entry(50), entry(200, "too"));
  equal([changed.entries.find(({ seq }) => seq === 390).value, changed.tail.find(({ seq }) => seq === 390).value], ["changed", "changed"]);
  equal([entryAt(changed, 50), entryAt(changed, 200)?.value], [undefined, "too"]);
  const gap = state(run(101, 200), { newer: true, tail: run(401, 500), head: 500 });
  equal(ends(placed(gap, entry(300))), [101, 200, true, 401, 500]);
  equal(lastEntry(gap, ({ seq }) => seq < 450)?.seq, 449);
});

test("the stretches are one again when they meet, and not before", () => {
  const up = state(run(101, 200), { newer: true, tail: run(401, 500), head: 500 });
  const nearer = withNewer(up, { entries: run(201, 250), reach: 250 });
  equal(ends(nearer), [101, 250, true, 401, 500]);
  equal(ends(withNewer(nearer, { entries: run(251, 400), reach: 400 })), [101, 500, false, undefined, undefined]);
  const cards = withNewer(up, { entries: [...run(201, 250), entry(480, "card")], reach: 250 });
  equal(cards.entries.at(-1)?.seq, 250, "what other apps have further on is not what comes next");
  equal(withNewer(up, { entries: [], reach: 500 }).newer, false, "nothing but what makes no row was between");
});

test("another place is a stretch of its own, with the end below", () => {
  const there = elsewhere(state(run(401, 500), { head: 500 }), { entries: run(1, 100), older: false, reach: 100 });
  equal(ends(there), [1, 100, true, 401, 500]);
  equal(elsewhere(state(run(401, 500), { head: 500 }), { entries: run(380, 450), older: true, reach: 450 }).newer, false);
});

test("older ones go before, without what is there; cards go where their stretch is held", () => {
  const more = withOlder(state(run(10, 11)), { entries: [entry(9), entry(8), entry(10, "again")], older: false });
  equal([more.entries.map(({ seq }) => seq), more.entries[2].value, more.older], [[8, 9, 10, 11], 10, false]);
  const carded = withCards(state(run(10, 12)), [entry(5), entry(11, "late"), entry(13)]);
  equal([carded.entries.map(({ seq }) => seq), entryAt(carded, 11)?.value], [[10, 11, 12, 13], 11]);
});

test("whoever goes up and down while the room moves on is shown all of it, in order, bounded", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seeded(seed);
    let head = 2000;
    let held = state(run(1951, 2000));
    for (let step = 0; step < 200; step += 1) {
      const [first, last] = [held.entries[0].seq, held.entries.at(-1).seq];
      const chance = random();
      let reader = null;
      if (chance < 0.4) {
        const older = Math.max(1, first - 50);
        if (held.older) held = withOlder(held, { entries: run(older, first - 1), older: older > 1 });
        reader = 50;
      } else if (chance < 0.7 && held.newer) {
        const reach = Math.min(head, last + 50);
        held = withNewer(held, { entries: run(last + 1, reach), reach });
        reader = held.entries.length - 60;
      } else if (chance < 0.8) {
        held = atEnd(held);
      } else if (chance < 0.85) {
        const around = 1 + Math.floor(random() * head);
        const [from, to] = [Math.max(1, around - 50), Math.min(head, around + 50)];
        held = elsewhere(held, { entries: run(from, to), older: from > 1, reach: to });
        reader = 50;
      }
      const came = Math.floor(random() * 30);
      held = placed(held, ...run(head + 1, head + came));
      head += came;
      held = bounded(held, reader);
      const seqs = held.entries.map(({ seq }) => seq);
      ok(seqs.every((seq, index) => !index || seq === seqs[index - 1] + 1), `seed ${seed}: a gap`);
      ok(seqs.length <= MOST_ENTRIES + SLACK_ENTRIES, `seed ${seed}: ${seqs.length} are held`);
      equal([(held.newer ? held.tail : held.entries).at(-1).seq, held.older], [head, seqs[0] > 1], `seed ${seed}, step ${step}`);
    }
  }
});
