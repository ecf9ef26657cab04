// Where the reader is in the stream. The stream stays at its end while the reader is there, and
// else stays on what they read, whatever comes above or below.

const NEAR = 48;

export class Scroll {
  #pinned = true;
  #last = 0;

  constructor(stream, list, onMove) {
    this.stream = stream;
    this.list = list;
    this.onMove = onMove;
    stream.addEventListener("scroll", () => this.#moved(), { passive: true });
    // The window, the keyboard of a phone, the composer: the end stays in sight.
    const sizes = new ResizeObserver(() => {
      this.#look();
      if (this.#pinned) this.toEnd();
    });
    sizes.observe(stream);
    sizes.observe(list);
  }

  get pinned() {
    return this.#pinned;
  }

  /** Pixels of stream above what is seen. */
  get above() {
    return this.stream.scrollTop;
  }

  toEnd() {
    this.#pinned = true;
    this.#scrollTo(this.stream.scrollHeight);
  }

  /** Put `element` at a quarter of the height, and leave the end alone if it is not in sight. */
  to(element) {
    const offset = element.getBoundingClientRect().top - this.stream.getBoundingClientRect().top;
    const top = this.stream.scrollTop + offset - this.stream.clientHeight / 4;
    const furthest = this.stream.scrollHeight - this.stream.clientHeight;
    this.#pinned = top >= furthest - NEAR;
    if (this.#pinned) this.toEnd();
    else this.#scrollTo(top);
  }

  /** Let `change` alter the stream; afterwards the reader sees what they saw. */
  keep(change) {
    this.#look();
    if (this.#pinned) {
      change();
      this.toEnd();
    } else {
      this.hold(this.#firstSeen(), change);
    }
  }

  /** The same with `element` as what must not move, also at the end of the stream. */
  hold(element, change) {
    const before = element?.getBoundingClientRect().top;
    change();
    if (!element?.isConnected) return;
    const moved = element.getBoundingClientRect().top - before;
    if (moved) this.#scrollTo(this.stream.scrollTop + moved);
    this.#pinned = this.#atEnd();
  }

  #firstSeen() {
    const top = this.stream.getBoundingClientRect().top;
    // Rows are in order, so the first one that ends below the upper edge is found by halves.
    const rows = this.list.children;
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    // A day's line moves up when more of its day comes above it; what was said stays where it is.
    let row = rows[low];
    while (row && row.dataset.seq === undefined) row = row.nextElementSibling;
    return row ?? rows[low];
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.stream;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #scrollTo(top) {
    this.stream.scrollTop = top;
    this.#last = this.stream.scrollTop;
  }

  #moved() {
    this.#look();
    this.onMove();
  }

  /** Only going up leaves the end: being away from it may also mean that something has just grown.
   *  The browser tells of a move up to a frame later, so whoever acts on `#pinned` looks first. */
  #look() {
    const top = this.stream.scrollTop;
    if (this.#atEnd()) this.#pinned = true;
    else if (top < this.#last) this.#pinned = false;
    this.#last = top;
  }
}
