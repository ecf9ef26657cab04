import { Scroll } from "./rooms/stream/scroll.js";
import { equal, ok, test } from "./harness.js";

/** A stream of forty rows of 50 px, of which two hundred px are seen, at its end. */
function stream() {
  document.body.innerHTML = '<div style="height: 200px; overflow-y: auto; overflow-anchor: none"><ol style="margin: 0; padding: 0"></ol></div>';
  const outer = /** @type {HTMLElement} */ (document.body.firstElementChild);
  const list = /** @type {HTMLElement} */ (outer.firstElementChild);
  const rowAt = (index) => /** @type {HTMLElement} */ (list.children[index]);
  let moves = 0;
  const scroll = new Scroll(outer, list, () => (moves += 1));
  const rows = (count, place) => {
    for (let made = 0; made < count; made += 1) {
      const row = document.createElement("li");
      row.style.cssText = "height: 50px; display: block";
      row.dataset.seq = "1";
      list[place](row);
    }
  };
  rows(40, "append");
  scroll.toEnd();
  return { outer, list, rowAt, scroll, rows, end: () => outer.scrollHeight - outer.clientHeight, get moves() { return moves; } };
}
const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

test("at the end it stays at the end", async () => {
  const { outer, scroll, rows, end } = stream();
  scroll.keep(() => rows(3, "append"));
  equal(outer.scrollTop, end());
  await frame();
  rows(3, "append");
  await frame();
  equal([outer.scrollTop, scroll.pinned], [end(), true]);
});

test("who is further up stays on what they read, whatever comes above or below", async () => {
  const { outer, list, scroll, rows } = stream();
  outer.scrollTop = 625;
  await frame();
  const read = list.children[12];
  const place = read.getBoundingClientRect().top;
  scroll.keep(() => { rows(7, "prepend"); rows(3, "append"); });
  await frame();
  equal([read.getBoundingClientRect().top, scroll.pinned], [place, false]);
});

test("a move that the browser has not told of yet counts", async () => {
  const { outer, list, scroll, rows } = stream();
  await frame();
  outer.scrollTop = 625;
  const place = list.children[12].getBoundingClientRect().top;
  const read = list.children[12];
  scroll.keep(() => { rows(7, "prepend"); rows(3, "append"); });
  equal([read.getBoundingClientRect().top, scroll.pinned], [place, false]);
});

test("what grows at the end does not look like somebody who leaves it", async () => {
  const { outer, list, rowAt, scroll, rows, end } = stream();
  await frame();
  rowAt(list.children.length - 1).style.height = "400px";
  scroll.keep(() => rows(1, "append"));
  equal([outer.scrollTop, scroll.pinned], [end(), true]);
  for (const row of [...list.children].slice(30)) row.remove();
  scroll.keep(() => {});
  await frame();
  equal([outer.scrollTop, scroll.pinned], [end(), true]);
});

test("every move is told once it was made", async () => {
  const all = stream();
  await frame();
  const before = all.moves;
  all.outer.scrollTop = 100;
  await frame();
  ok(all.moves > before, "not told");
});

test("what grows by itself above does not move what is read", async () => {
  const { outer, rowAt } = stream();
  outer.scrollTop = 625;
  await frame();
  const read = rowAt(12);
  const place = read.getBoundingClientRect().top;
  rowAt(3).style.height = "300px";
  await frame();
  equal(read.getBoundingClientRect().top, place);
  rowAt(3).style.height = "50px";
  await frame();
  equal(read.getBoundingClientRect().top, place);
});

test("where the room goes on below there is no end to stay at", async () => {
  const { outer, scroll, rows, list, end } = stream();
  scroll.goesOn = true;
  outer.scrollTop = end();
  await frame();
  equal(scroll.pinned, false);
  const read = list.children[37];
  const place = read.getBoundingClientRect().top;
  scroll.keep(() => rows(20, "append"));
  equal([read.getBoundingClientRect().top, scroll.pinned], [place, false]);
  scroll.goesOn = false;
  scroll.keep(() => {});
  outer.scrollTop = end();
  await frame();
  equal(scroll.pinned, true);
});

test("what is in sight is told by seqs, with what has no row of its own", async () => {
  const { outer, list, rowAt, scroll } = stream();
  for (let index = 0; index < list.children.length; index += 1) rowAt(index).dataset.seq = String(index + 1);
  delete rowAt(12).dataset.seq; // a day's line
  outer.scrollTop = 600;
  await frame();
  equal(scroll.seen(), { first: 13, last: 16 });
  for (let index = 16; index < list.children.length; index += 1) rowAt(index).dataset.seq = String(index + 11);
  equal(scroll.seen(), { first: 13, last: 26 }, "up to the next row");
  scroll.toEnd();
  ok(scroll.seen()?.last === Infinity, "whatever comes below the last one");
  list.replaceChildren();
  equal(scroll.seen(), null);
});
