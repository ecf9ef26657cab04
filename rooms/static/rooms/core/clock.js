// The server's time as this browser sees it: a countdown must not depend on a wrong clock.

let ahead = 0;

/** Called with the server's time once a page or a state has come. */
export function set(serverNow) {
  ahead = Date.parse(serverNow) - Date.now();
}

export const now = () => Date.now() + ahead;
