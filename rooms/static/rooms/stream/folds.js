// Many like entries in a row as one line that opens, and the last of them. What has stood on the page
// by itself stays as it is: nobody's place moves because something has become like its neighbours.

import { entryKinds } from "../core/extensions.js";

/** So many at least are put into one line. */
const FEWEST = 4;

export class Folds {
  #shown = new Set(); // keys of rows that have stood by themselves
  #made = new Map(); // key → row

  /** Another room: its rows have other keys. */
  forget() {
    this.#shown.clear();
    this.#made.clear();
  }

  /** The same rows with a row { key, type: "fold", of, entry, entries, text } in place of many. */
  fold(rows) {
    const folded = [];
    let run = [];
    let alike = null;
    /** `followed`: one that is like them, and stands by itself, comes next. */
    const end = (followed) => {
      const last = followed ? undefined : run.pop();
      if (run.length >= FEWEST) folded.push(this.#row(run));
      else for (const row of run) folded.push(this.#show(row));
      if (last) folded.push(this.#show(last));
      run = [];
    };
    for (const row of rows) {
      const kind = entryKinds[row.type];
      const like = kind?.like?.(row.entry) ?? null;
      const stands = like === null || this.#shown.has(row.key);
      if (stands || like !== alike) end(stands && like !== null && like === alike);
      alike = like;
      if (!stands) run.push(row);
      else folded.push(kind?.like ? this.#show(row) : row);
    }
    end(false);
    return folded;
  }

  /** From now on what this row stands for stands by itself. */
  open({ keys }) {
    for (const key of keys) this.#shown.add(key);
  }

  #show(row) {
    this.#shown.add(row.key);
    return row;
  }

  /** It is known by its last entry: more come above it, as older ones are loaded. */
  #row(run) {
    const { type: of, key: last, entry } = run.at(-1);
    const key = `fold:${last}`;
    const keys = run.map((row) => row.key);
    const known = this.#made.get(key);
    if (known?.keys.length === keys.length && known.entries[0] === run[0].entry && known.entry === entry) return known;
    const entries = run.map((row) => row.entry);
    const row = { key, type: "fold", of, entry, entries, keys, text: entryKinds[of].folded?.(entries) ?? "" };
    this.#made.set(key, row);
    return row;
  }
}
