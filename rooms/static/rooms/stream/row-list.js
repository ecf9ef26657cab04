// Rows as elements of a list. A row that is the same object as before is not looked at, so drawing
// costs what has changed between the rows that stay at the top and those that stay at the bottom.

export class RowList {
  #rows = [];
  #elements = new Map(); // key → element

  /** `create(row)` makes an element, `update(element, row)` draws another row of the same key. */
  constructor(list, { create, update }) {
    this.list = list;
    this.create = create;
    this.update = update;
  }

  clear() {
    this.list.replaceChildren();
    this.#rows = [];
    this.#elements.clear();
  }

  /** Make the list hold exactly these rows; elements that stay are not moved. */
  draw(rows) {
    const before = this.#rows;
    const most = Math.min(before.length, rows.length);
    let top = 0;
    while (top < most && before[top] === rows[top]) top += 1;
    let bottom = 0;
    while (bottom < most - top && before.at(-1 - bottom) === rows.at(-1 - bottom)) bottom += 1;
    const changed = rows.slice(top, rows.length - bottom);
    const wanted = new Set(changed.map(({ key }) => key));
    for (const { key } of before.slice(top, before.length - bottom)) {
      if (wanted.has(key)) continue;
      this.#elements.get(key).remove();
      this.#elements.delete(key);
    }
    let next = bottom ? this.#elements.get(rows.at(-bottom).key) : null;
    for (const row of changed.reverse()) next = this.#put(row, next);
    this.#rows = rows;
  }

  #put(row, next) {
    let element = this.#elements.get(row.key);
    if (element && element.row.type !== row.type) {
      // What draws this kind of row has come only now.
      element.remove();
      element = null;
    }
    element ??= this.create(row);
    this.#elements.set(row.key, element);
    if (element.row !== row) {
      this.update(element, row);
      element.row = row;
    }
    if (element.parentNode !== this.list || element.nextElementSibling !== next) this.list.insertBefore(element, next);
    return element;
  }
}
