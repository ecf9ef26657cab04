// How long to wait before the next attempt to connect. Pure.

const FIRST_S = 0.5;
const LONGEST_S = 20;

/** Full jitter: anything up to a bound that doubles, so that clients do not come back together. */
export function delay(failures, random = Math.random) {
  return random() * Math.min(LONGEST_S, FIRST_S * 2 ** failures) * 1000;
}

/** After a `bye` the server says when to come; a second of spread on top costs nobody anything. */
export function delayAfterBye(retryIn, random = Math.random) {
  return ((retryIn ?? 0) + random()) * 1000;
}
