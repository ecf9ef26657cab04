// Puts the page of a room together: one socket, one room at a time, everything around it.

import { placeOf } from "./core/addresses.js";
import * as api from "./core/api.js";
import { ConnectionBar } from "./shell/connection-bar.js";
import { Composer } from "./composer/composer.js";
import { Connection } from "./core/connection.js";
import { composerTools, finderSources } from "./core/extensions.js";
import { Details } from "./shell/details.js";
import { Received } from "./features/members/invitations-received.js";
import { Invitations } from "./features/members/invitations-sent.js";
import { InviteLinks } from "./features/invite_links/links.js";
import { Bans } from "./features/bans/bans.js";
import { Members } from "./features/members/panel.js";
import "./features/messages/reply.js";
import "./features/messages/link.js";
import { editLast } from "./features/messages/edit.js";
import "./features/messages/history.js";
import "./features/messages/delete.js";
import "./features/pins/main.js";
import { DesktopNotices } from "./features/notices/desktop.js";
import { drawIcon } from "./features/notices/icon.js";
import { Leaving } from "./features/members/leaving.js";
import { Settings } from "./features/rooms/settings.js";
import { one, setText, show } from "./ui/dom.js";
import { Finder } from "./shell/finder.js";
import { Outbox } from "./core/outbox.js";
import { registerKeys } from "./shell/room-keys.js";
import { OwnRooms } from "./shell/room-list-refresh.js";
import { Passage } from "./shell/room-navigation.js";
import { Steps } from "./shell/room-steps.js";
import { roomSource } from "./shell/room-source.js";
import { actByKey } from "./stream/actions.js";
import { Room } from "./stream/room.js";
import { roving } from "./ui/roving.js";
import { drawInbox, prepareShell, showOwnName, showOwnState, showPage } from "./shell/shell.js";
import { hearShortcuts } from "./shell/shortcuts.js";
import { Sidebar, unreadOf } from "./shell/sidebar.js";
import { socketUrl } from "./core/socket-url.js";
import { wordsOf } from "./ui/text.js";
import { View } from "./stream/view.js";

/** @import { Page } from "./core/shapes.js" */

/** @type {Page} */
const first = JSON.parse(one("#state").textContent);
const ownRooms = new OwnRooms((events) => room.receive(events));
const bar = new ConnectionBar(one("[data-connection]"));
const connection = new Connection({
  url: socketUrl(),
  userId: first.user.id,
  onAnew: () => location.reload(),
  onEvents: (events) => {
    const before = room.state;
    room.receive(events);
    desktop.hear(events, before);
    ownRooms.heard(events, room.state.rooms);
  },
  onPhase: (phase, bye) => {
    bar.phase(phase, bye);
    ownRooms.phase(phase);
    if (phase === "open") passage.again();
    else room.away();
    showOwnState(phase);
    one("[data-shell]").dataset.phase = phase;
  },
});
const room = new Room({ connection, outbox: new Outbox(first.user.id) });
const view = new View(room, one("[data-room-page]"));
const composer = new Composer(room, { up: () => editLast(room) });
const details = new Details(room, [Settings, Invitations, InviteLinks, Members, Bans, Leaving]);
const sidebar = new Sidebar(one("[data-rooms]"));
const received = new Received({ open: go, gone: (slug) => room.receive([{ type: "invitation", room: slug, invitation: null }]) });
const passage = new Passage({ enter, leave: (address) => location.assign(address), onWaiting: drawWaiting, onLeaving: (leaving) => composer.leaving(leaving) });

const steps = new Steps(room);
const desktop = new DesktopNotices((slug, message) => go(slug, { message }));

const WITHDRAWN = {
  not_a_member: "You are no longer in this room.",
  banned: "You are no longer in this room: you were banned from it.",
  deleted: "This room was deleted.",
};

/** Live is over: what stands there stands still. */
function drawWithdrawn(reason) {
  const notice = one("[data-withdrawn]");
  if (reason) setText(one("[data-withdrawn-text]", notice), WITHDRAWN[reason] ?? WITHDRAWN.not_a_member);
  show(notice, reason !== null);
}

/** @type {[slug: string | null, words: string | null]} */
let waiting = [null, null];
function drawWaiting(slug, words) {
  waiting = [slug, words];
  drawSidebar();
}

const attended = () => (room.attending ? room.slug : null);

function drawSidebar() {
  sidebar.draw(room.state.rooms, room.slug, attended(), waiting);
}

function draw(state) {
  drawSidebar();
  drawInbox(state.inbox);
  showOwnName(state.user);
  received.draw(state.invitations);
  details.draw(state);
  composer.draw(state);
  drawWithdrawn(state.withdrawn);
  setText(one("[data-room-name]"), state.room.name);
  setText(one("[data-room-topic]"), state.room.topic);
  show(one("[data-join]"), state.room.role === null && !state.room.archived && !state.withdrawn);
  const unread = unreadOf(state.rooms, attended());
  const title = `${unread ? `(${unread}) ` : ""}${state.room.name} · ${document.documentElement.dataset.site}`;
  if (document.title !== title) document.title = title;
  drawIcon(state.rooms, attended());
}

async function enter(page) {
  showPage();
  const entered = room.enter(page);
  composer.enter(page);
  draw(room.state);
  await entered;
}

/** Go to a room, or to a message of one, without leaving the page.
 *  @param {string} slug
 *  @param {{ push?: boolean, message?: number | null }} [options] */
function go(slug, options) {
  if (slug !== room.slug) return passage.go(slug, options);
  passage.stay();
  showPage();
  details.uncover();
  steps.go(options);
}

// Links to rooms and messages, those that people have written included.
document.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement | null} */
  const link = /** @type {Element} */ (event.target).closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const place = link.origin === location.origin && placeOf(link.pathname);
  if (!place) return;
  event.preventDefault();
  go(place.slug, { message: place.message });
});
// What the start of a room offers: its people are in the details, its commands in the composer.
document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("[data-start-invite]")) {
    details.show();
    if (one("[data-invite-form]").hidden) one("[data-invite]").click();
  }
  if (target.closest("[data-start-command]")) composer.begin("/");
});

window.addEventListener("popstate", () => {
  const place = placeOf(location.pathname);
  if (place) go(place.slug, { push: false, message: place.message });
});
composer.body.addEventListener("input", () => passage.settle());
window.addEventListener("focus", () => room.moved());
window.addEventListener("blur", () => room.away());
document.addEventListener("visibilitychange", () => (document.hidden ? room.away() : room.moved()));
setInterval(() => room.state.typing.length && room.receive([{ type: "local.tick" }]), 1000);

one("[data-join]").addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  try {
    await api.post(`/rooms/${room.slug}/join`);
  } catch (refused) {
    button.title = wordsOf(refused);
  } finally {
    button.disabled = false;
  }
  room.focusComposer();
});

prepareShell(first.user);
new Finder([roomSource({ own: () => room.state.rooms, open: go }), ...finderSources]);
registerKeys({ room, composer, sidebar, go });
hearShortcuts(room);
composer.addTools(composerTools);
room.show(view, composer, [draw]);
roving(one("[data-entries]"), { act: (element, key) => actByKey(element, key, room) });
enter(first);
connection.start();
