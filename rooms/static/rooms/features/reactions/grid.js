// Arrows through groups of things that stand in rows of so many columns. Pure.

/** Where a key leads from `at`; null: it is no key of a grid, or there is nothing.
 *  @param {number[]} sizes how many there are in each group; none is empty
 *  @param {number} columns
 *  @param {[group: number, index: number] | null} at null: nowhere yet
 *  @param {string} key
 *  @returns {[group: number, index: number] | null} */
export function step(sizes, columns, at, key) {
  if (!sizes.length) return null;
  if (!at) return key === "ArrowDown" ? [0, 0] : null;
  const [group, index] = at;
  const column = index % columns;
  switch (key) {
    case "ArrowRight":
      return index + 1 < sizes[group] ? [group, index + 1] : group + 1 < sizes.length ? [group + 1, 0] : at;
    case "ArrowLeft":
      return index > 0 ? [group, index - 1] : group > 0 ? [group - 1, sizes[group - 1] - 1] : at;
    case "ArrowDown":
      if (rowOf(index, columns) < rowOf(sizes[group] - 1, columns)) return [group, Math.min(index + columns, sizes[group] - 1)];
      return group + 1 < sizes.length ? [group + 1, Math.min(column, sizes[group + 1] - 1)] : at;
    case "ArrowUp":
      if (index >= columns) return [group, index - columns];
      return group > 0 ? [group - 1, inLastRow(sizes[group - 1], columns, column)] : at;
    case "PageDown":
      return [Math.min(group + 1, sizes.length - 1), 0];
    case "PageUp":
      return [Math.max(group - 1, 0), 0];
  }
  return null;
}

const rowOf = (index, columns) => Math.floor(index / columns);
const inLastRow = (size, columns, column) => Math.min(rowOf(size - 1, columns) * columns + column, size - 1);
