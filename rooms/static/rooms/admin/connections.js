// A page for staff that is kept current: its live part is fetched again every few seconds while
// somebody looks at it. Focus stays where it was. `data-live` may say after how many milliseconds.

const DEFAULT_MILLISECONDS = 4000;

// The page has all of them.
const table = /** @type {HTMLElement} */ (document.querySelector("[data-live]"));
const every = Number(table.dataset.live) || DEFAULT_MILLISECONDS;
const on = /** @type {HTMLInputElement} */ (document.querySelector("[data-live-on]"));
const state = /** @type {HTMLElement} */ (document.querySelector("[data-live-state]"));
let timer = null;
let asking = false;

function clock() {
  return new Date().toLocaleTimeString([], { hour12: false });
}

function focused() {
  const element = document.activeElement;
  return element && table.contains(element) ? element.getAttribute("value") ?? element.getAttribute("href") : null;
}

function refocus(mark) {
  if (mark === null) return;
  const found = [.../** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll("button, a"))].find(
    (each) => (each.getAttribute("value") ?? each.getAttribute("href")) === mark,
  );
  found?.focus({ preventScroll: true });
}

async function refresh() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Part": "table" } });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    const text = await answer.text();
    const mark = focused();
    const parsed = new DOMParser().parseFromString(text, "text/html");
    // The part alone, or the whole page with the part in it.
    table.replaceChildren(...(parsed.querySelector("[data-live]") ?? parsed.body).childNodes);
    refocus(mark);
    state.textContent = `As of ${clock()}`;
    state.classList.remove("stale");
  } catch {
    state.textContent = "The server does not answer; trying again";
    state.classList.add("stale");
  } finally {
    asking = false;
  }
}

function schedule() {
  clearTimeout(timer);
  if (!on.checked || document.hidden) return;
  timer = setTimeout(async () => {
    // Nothing moves under a finger that is about to press.
    if (!table.querySelector("button:active")) await refresh();
    schedule();
  }, every);
}

on.addEventListener("change", async () => {
  if (on.checked) await refresh();
  schedule();
});
document.addEventListener("visibilitychange", async () => {
  if (!document.hidden && on.checked) await refresh();
  schedule();
});
schedule();
