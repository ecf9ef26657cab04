import { RowList } from "./rooms/stream/row-list.js";
import { equal, seeded, test } from "./harness.js";

function list() {
  const element = document.createElement("ol");
  let looked = 0;
  const rows = new RowList(element, {
    create: ({ key }) => Object.assign(document.createElement("li"), { id: key }),
    update: (made, { text }) => {
      looked += 1;
      made.textContent = text;
    },
  });
  return { element, rows, get looked() { return looked; } };
}
const shown = ({ element }) => [...element.children].map(({ id, textContent }) => `${id}=${textContent}`);

test("only what changed is drawn, and what stays is not moved", () => {
  const all = list();
  const rows = Array.from({ length: 300 }, (_, index) => ({ key: `k${index}`, text: `t${index}` }));
  all.rows.draw(rows);
  const before = all.looked;
  let moves = 0;
  const observer = new MutationObserver(() => {});
  observer.observe(all.element, { childList: true });
  all.rows.draw([...rows.slice(5), { key: "new", text: "t" }]);
  moves = observer.takeRecords().reduce((sum, { addedNodes, removedNodes }) => sum + addedNodes.length + removedNodes.length, 0);
  equal([all.looked - before, moves], [1, 6]);
  all.rows.draw([]);
  equal(shown(all), []);
});

test("the list is what was given last, whatever it was before", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = seeded(seed);
    const all = list();
    let rows = [];
    for (let step = 0; step < 30; step += 1) {
      rows = rows.filter(() => random() > 0.2).map((row) => (random() < 0.1 ? { ...row, text: `changed ${step}` } : row));
      for (let added = 0; added < 4; added += 1) rows.splice(Math.floor(random() * (rows.length + 1)), 0, { key: `k${step}-${added}`, text: "t" });
      if (random() < 0.2) rows.reverse();
      all.rows.draw([...rows]);
      equal(shown(all), rows.map(({ key, text }) => `${key}=${text}`), `seed ${seed}, step ${step}`);
    }
  }
});
