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
export const put = (path, body) => call("PUT", `${BASE}${path}`, body);
export const patch = (path, body) => call("PATCH", `${BASE}${path}`, body);
export const remove = (path) => call("DELETE", `${BASE}${path}`);

/** An address that an answer gave, such as `next`. */
export const follow = (url) => call("GET", sameOrigin(url));

/** A page's own JSON, outside of the API. */
export const fetchJson = (url) => call("GET", url);

/** A file, with its progress from 0 to 1. `answer` fails with Refused; `stop()` ends it.
 *  @param {string} path
 *  @param {File} file
 *  @param {(done: number) => void} progress
 *  @returns {{ answer: Promise<any>, stop: () => void }} */
export function upload(path, file, progress) {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file, file.name || "file");
  const answer = new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => lengthComputable && progress(loaded / total);
    request.onload = () => {
      const value = parsed(request.responseText);
      if (request.status < 300 && value) resolve(value);
      else reject(new Refused(reasonOf(value, request.status), request.status));
    };
    request.onerror = request.ontimeout = () => reject(new Refused("The server cannot be reached.", 0));
    request.onabort = () => reject(new Refused("It was stopped.", 0));
  });
  request.open("POST", `${BASE}${path}`);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.send(form);
  return { answer, stop: () => request.abort() };
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function reasonOf(value, status) {
  const words = value?.detail ?? value?.message ?? value?.title;
  return typeof words === "string" ? words : `The server answered ${status}.`;
}

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
  if (!response.ok) throw new Refused(reasonOf(value, response.status), response.status);
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
