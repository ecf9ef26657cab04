// The browser's own store, asked by tests (`tests/support/store.py`): what it makes of a page and of
// the events since, and what it makes of the page as it is afterwards.

import { reducers as ofSchedules } from "./jobs/schedule-store.js";
import { jobEntry, reducers as ofJobs } from "./jobs/store.js";
import { reducers, addReducer } from "./rooms/core/extensions.js";
import { apply, fromPage } from "./rooms/core/store.js";
import { withCards } from "./rooms/core/window.js";
import { reducers as ofPins } from "./rooms/features/pins/store.js";
import { reducers as ofReactions } from "./rooms/features/reactions/store.js";
import { reducers as ofThreads } from "./rooms/features/threads/store.js";

const others = [ofJobs, ofSchedules, ofReactions, ofPins, ofThreads];
for (const [type, reduce] of others.flatMap(Object.entries)) addReducer(type, reduce);

/** `before` and `after` are { page, jobs }: the JSON of a room's page, and what REST has of its jobs. */
export function compare({ before, events, after }) {
  const now = Date.parse(after.page.now);
  const held = apply(opened(before), events, { now, reducers });
  return { held: settled(held), fresh: settled(opened(after)) };
}

const opened = ({ page, jobs }) => withCards(fromPage(page), jobs.map((job) => jobEntry(job)));

/** What both must agree on. What this visit alone knows is left out: what is new to the person, who
 *  types, who is here, since when a job has its pace. `seq`, `active_at`, `unread` and `mentions` of the
 *  open room are kept as `head` and in the list of rooms. What is unread in other rooms is told by itself. */
function settled(state) {
  const { user, epoch, head, older, newer, may, withdrawn, invitations, extra } = state;
  const { seq: _seq, active_at: _active, unread: _unread, mentions: _mentions, ...room } = state.room;
  const rooms = state.rooms
    .map(({ slug, name, topic, visibility, archived, unread, mentions }) => {
      const news = slug === room.slug ? { unread, mentions } : null;
      return { slug, name, topic, visibility, archived, news };
    })
    .sort((a, b) => (a.slug < b.slug ? -1 : 1));
  const members = [...state.members].sort((a, b) => a.user.id - b.user.id);
  const entries = state.entries.map(({ pace: _pace, ...entry }) => entry);
  return { user, epoch, head, older, newer, may, withdrawn, invitations, extra, room, rooms, members, entries };
}
