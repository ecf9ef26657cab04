// A page beside the rooms: the list with its unread counts, and how to get into a room.

import { Connection } from "./core/connection.js";
import { finderSources } from "./core/extensions.js";
import { one, setText } from "./ui/dom.js";
import { peopleSource } from "./features/direct/direct.js";
import { Received } from "./features/members/invitations-received.js";
import "./features/search/finder-source.js";
import { DesktopNotices } from "./features/notices/desktop.js";
import { drawIcon } from "./features/notices/icon.js";
import { Finder } from "./shell/finder.js";
import { roomSource } from "./shell/room-source.js";
import { hearShortcuts } from "./shell/shortcuts.js";
import { OwnRooms } from "./shell/room-list-refresh.js";
import { drawInbox, prepareShell, showOwnName, showOwnState } from "./shell/shell.js";
import { Sidebar } from "./shell/sidebar.js";
import { socketUrl } from "./core/socket-url.js";
import { apply, fromPage } from "./core/store.js";

/** @import { PlainPage, RoomEvent } from "./core/shapes.js" */

/** @type {PlainPage} */
const page = JSON.parse(one("#state").textContent);
let state = fromPage(page);
const sidebar = new Sidebar(one("[data-rooms]"));
const open = (slug) => location.assign(`/rooms/${slug}/`);
const received = new Received({ open, gone: (room) => receive([{ type: "invitation", room, invitation: null }]) });
/** Called with what the socket has told, by the page's own module.
 *  @type {((events: RoomEvent[]) => void)[]} */
export const heard = [];
const draw = () => {
  drawInbox(state.inbox);
  sidebar.draw(state.rooms, null, null);
  drawIcon(state.rooms, null);
  showOwnName(state.user);
  received.draw(state.invitations);
};

prepareShell(state.user);
new Finder([roomSource({ own: () => state.rooms, open }), ...finderSources, peopleSource({ own: () => state.rooms })]);
hearShortcuts();
draw();

function receive(events) {
  state = apply(state, events, { now: Date.now(), reducers: {} });
  draw();
  for (const hear of heard) hear(events);
}

const ownRooms = new OwnRooms(receive);
const desktop = new DesktopNotices((slug, message) => location.assign(message ? `/rooms/${slug}/${message}` : `/rooms/${slug}/`));
new Connection({
  url: socketUrl(),
  userId: state.user.id,
  onAnew: () => location.reload(),
  onEvents: (events) => {
    const before = state;
    receive(events);
    desktop.hear(events, before);
    ownRooms.heard(events, state.rooms);
  },
  onPhase: (phase) => {
    ownRooms.phase(phase);
    showOwnState(phase);
  },
}).start();

const copy = one("[data-copy]");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(one("[data-secret]").textContent);
    setText(one("span", copy), "Copied");
  });
}
