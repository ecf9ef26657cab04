// A few lines of test runner for the browser's modules. `test_modules.py` runs each file in a page.

const tests = [];

export function test(name, body) {
  tests.push({ name, body });
}

export function equal(actual, expected, what = "") {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}\n   is ${a}\n  not ${b}`);
}

export function ok(value, what) {
  if (!value) throw new Error(what);
}

/** Numbers that look random and are the same in every run. */
export function seeded(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

/** Time that passes only when a test says so. Takes the place of the page's timers. */
export function fakeTimers() {
  let now = 0;
  let next = 1;
  const waiting = new Map();
  window.setTimeout = (then, ms = 0) => {
    waiting.set(next, { at: now + ms, then });
    return next++;
  };
  window.clearTimeout = (id) => waiting.delete(id);
  return {
    get waits() {
      return [...waiting.values()].map(({ at }) => at - now);
    },
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        const [id, timer] = [...waiting].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0] ?? [];
        if (!timer) break;
        waiting.delete(id);
        now = timer.at;
        timer.then();
        await settled();
      }
      now = end;
      await settled();
    },
  };
}

/** What was promised has happened. */
export async function settled() {
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
}

export async function run() {
  const failures = [];
  for (const { name, body } of tests) {
    try {
      await body();
    } catch (error) {
      failures.push(`${name}: ${(error instanceof Error && error.stack) || error}`);
    }
  }
  return { count: tests.length, failures };
}
