// REST calls of the pages, with the session's cookie.

const BASE = "/api/v1";
// A line that has died without a word would keep a request for many minutes.
const PATIENCE_MS = 20_000;

/** What the server said instead of doing it, in words for people. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export const get = (path, parameters = {}) => call("GET", withQuery(`${BASE}${path}`, parameters));
export const post = (path, body) => call("POST", `${BASE}${path}`, body);
export const patch = (path, body) => call("PATCH", `${BASE}${path}`, body);
export const remove = (path) => call("DELETE", `${BASE}${path}`);

/** An address that an answer gave, such as `next`. */
export const follow = (url) => call("GET", sameOrigin(url));

/** A page's own JSON, outside of the API. */
export const fetchJson = (url) => call("GET", url);

async function call(method, url, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response, text;
  try {
    response = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE_MS) });
    text = await response.text();
  } catch {
    throw new Refused("The server cannot be reached. Try again in a moment.", 0);
  }
  if (response.redirected && response.url.includes("/accounts/login")) {
    throw new Refused("You are logged out. Reload the page to log in.", 401);
  }
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    if (response.ok) throw new Refused("The server's answer makes no sense.", response.status);
  }
  if (!response.ok) {
    const words = value?.detail ?? value?.message ?? value?.title;
    throw new Refused(typeof words === "string" ? words : `The server answered ${response.status}.`, response.status);
  }
  return value;
}

function withQuery(url, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) if (each !== null && each !== undefined) query.append(name, each);
  }
  return query.size ? `${url}?${query}` : url;
}

function sameOrigin(url) {
  const parsed = new URL(url, location.href);
  return parsed.pathname + parsed.search;
}

function csrfToken() {
  /** @type {HTMLInputElement | null} */
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field?.value ?? "";
}
