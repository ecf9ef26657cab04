// Of what a person wants to be told on this device: "nothing", "mentions" (and what is said in a room
// between two) or "all". Each browser asks them itself, so each keeps its own answer.

export const LEVELS = ["nothing", "mentions", "all"];
const keyOf = (user) => `parley:notices:${user}`;

/** Whether the browser can show any here: not without https, but for this machine alone. */
export const possible = () => "Notification" in window && window.isSecureContext && "locks" in navigator;

/** @param {number} user */
export function levelOf(user) {
  if (!possible() || Notification.permission !== "granted") return "nothing";
  try {
    const kept = localStorage.getItem(keyOf(user)) ?? "nothing";
    return LEVELS.includes(kept) ? kept : "nothing";
  } catch {
    return "nothing";
  }
}

/** @param {number} user
 *  @param {string} level */
export function keepLevel(user, level) {
  try {
    localStorage.setItem(keyOf(user), level);
  } catch {
    // Without it there are no notices, which is what there was.
  }
}
