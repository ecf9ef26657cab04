// Where the reader is in the stream. The stream stays at its end while the reader is there, and
// else stays on what they read, whatever comes above or below, and whatever grows by itself.

const NEAR_END_PX = 48;
// A row counts as seen when this much of it is in sight.
const SEEN_PX = 20;

export class Scroll {
  #pinned;
  #last;
  /** @type {{ element: HTMLElement, offset: number } | null} */
  #anchor = null; // the first row that is seen, and how far below the upper edge it begins

  constructor(stream, list, onMove) {
    this.stream = stream;
    this.list = list;
    this.onMove = onMove;
    /** Whether the room goes on below the last row: then there is no end to be at. */
    this.goesOn = false;
    this.#pinned = this.#atEnd();
    this.#last = stream.scrollTop;
    stream.addEventListener("scroll", () => this.#moved(), { passive: true });
    // The window, the keyboard of a phone, the composer, a picture that has come.
    const sizes = new ResizeObserver(() => {
      this.#look();
      if (this.#pinned) this.toEnd();
      else this.#settle();
    });
    sizes.observe(stream);
    sizes.observe(list);
  }

  get pinned() {
    return this.#pinned;
  }

  /** Pixels of stream above and below what is seen. */
  get above() {
    return this.stream.scrollTop;
  }

  get below() {
    return this.stream.scrollHeight - this.stream.scrollTop - this.stream.clientHeight;
  }

  toEnd() {
    this.#pinned = !this.goesOn;
    this.#scrollTo(this.stream.scrollHeight);
    this.#remember();
  }

  /** Put `element` at a quarter of the height, and leave the end alone if it is not in sight. */
  to(element) {
    const top = this.stream.scrollTop + this.#offset(element) - this.stream.clientHeight / 4;
    const furthest = this.stream.scrollHeight - this.stream.clientHeight;
    if (!this.goesOn && top >= furthest - NEAR_END_PX) return this.toEnd();
    this.#pinned = false;
    this.#scrollTo(top);
    this.#remember();
  }

  /** Let `change` alter the stream; afterwards the reader sees what they saw. */
  keep(change) {
    this.#look();
    if (this.#pinned) {
      change();
      this.toEnd();
    } else {
      this.hold(this.firstSeen(), change);
    }
  }

  /** The same with `element` as what must not move, also at the end of the stream. */
  hold(element, change) {
    const before = element?.getBoundingClientRect().top;
    change();
    if (element?.isConnected) {
      const moved = element.getBoundingClientRect().top - before;
      if (moved) this.#scrollTo(this.stream.scrollTop + moved);
      this.#pinned = this.#atEnd();
    }
    this.#remember();
  }

  /** The row of something that was said which is the first one in sight; null: there is none. */
  firstSeen() {
    const rows = this.list.children;
    const low = this.#firstBelow(this.#top, ({ bottom }) => bottom);
    // A day's line moves up when more of its day comes above it; what was said stays where it is.
    let row = rows[low];
    while (row && row.dataset.seq === undefined) row = row.nextElementSibling;
    return row ?? rows[low] ?? null;
  }

  /** What is in sight, as seqs: { first, last }, null for nothing. What has no row of its own counts
   *  with the row before it and the one after it; below the last row `last` is Infinity. */
  seen() {
    const rows = this.list.children;
    const top = this.#firstBelow(this.#top + SEEN_PX, ({ bottom }) => bottom);
    const end = this.#firstBelow(this.#top + this.stream.clientHeight - SEEN_PX, ({ top: edge }) => edge);
    if (top >= end) return null;
    const seqFrom = (index, step) => {
      let at = index;
      while (rows[at] && rows[at].dataset.seq === undefined) at += step;
      return rows[at] && Number(rows[at].dataset.seq);
    };
    return { first: (seqFrom(top - 1, -1) ?? -1) + 1, last: (seqFrom(end, 1) ?? Infinity) - 1 };
  }

  get #top() {
    return this.stream.getBoundingClientRect().top;
  }

  #offset(element) {
    return element.getBoundingClientRect().top - this.#top;
  }

  /** The index of the first row whose edge is below `line`, found by halves as rows are in order. */
  #firstBelow(line, edge) {
    const rows = this.list.children;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edge(rows[middle].getBoundingClientRect()) > line) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.stream;
    return !this.goesOn && scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #scrollTo(top) {
    this.stream.scrollTop = top;
    this.#last = this.stream.scrollTop;
  }

  #remember() {
    const element = this.#pinned ? null : this.firstSeen();
    this.#anchor = element && { element, offset: this.#offset(element) };
  }

  /** Something has grown or shrunk by itself: back to what was read. */
  #settle() {
    const anchor = this.#anchor;
    if (!anchor?.element.isConnected) return this.#remember();
    const moved = this.#offset(anchor.element) - anchor.offset;
    if (Math.abs(moved) >= 1) this.#scrollTo(this.stream.scrollTop + moved);
  }

  #moved() {
    this.#look();
    this.#remember();
    this.onMove();
  }

  /** Only going up leaves the end: being away from it may also mean that something has just grown.
   *  The browser tells of a move up to a frame later, so code that acts on `#pinned` looks first. */
  #look() {
    const top = this.stream.scrollTop;
    if (this.#atEnd()) this.#pinned = true;
    else if (top < this.#last || this.goesOn) this.#pinned = false;
    this.#last = top;
  }
}
