// The person's list of rooms, asked for again after the socket was away: what became unread
// meanwhile in rooms that are not open was told to nobody.

import * as api from "./api.js";

// A server that has just started is not asked by everybody at once.
const SPREAD_MS = 8000;

/** Returns what to call with each phase of the connection. */
export function ownRoomsAfterLoss(receive) {
  let opened = false;
  let timer = 0;
  return (phase) => {
    clearTimeout(timer);
    if (phase !== "open") return;
    if (opened) timer = setTimeout(ask, Math.random() * SPREAD_MS);
    opened = true;
  };

  async function ask() {
    try {
      const { rooms } = await api.fetchJson("/state/");
      receive([{ type: "local.rooms", rooms }]);
    } catch (error) {
      console.warn(error);
    }
  }
}
