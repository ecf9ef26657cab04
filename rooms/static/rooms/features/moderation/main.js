// What moderation adds to a room: muting somebody from the list of members, a mark on who is muted, and
// the log of what was done.

import * as api from "../../core/api.js";
import * as clock from "../../core/clock.js";
import { addReducer, memberActions, memberMarks, panels } from "../../core/extensions.js";
import { endOf, unmuted } from "../../core/mutes.js";
import { alarm } from "./alarm.js";
import { ModerationLog } from "./log.js";
import { askToMute } from "./mute.js";

/** @import { Member, RoomState } from "../../core/shapes.js" */

/** Whether this person may mute a member, as far as the page knows. Pure.
 *  @param {Member} member
 *  @param {RoomState} state */
export const mayMute = ({ user, role }, { user: reader, room, may }) => user.id !== reader.id && Boolean(may?.[room.role ?? ""]?.members[role]?.mute);

addReducer("local.unmuted", unmuted);
panels.push((room) => new ModerationLog(room));
panels.push(alarm);
memberMarks.push({
  name: "muted",
  icon: "muted",
  of: ({ muted_until }) => (muted_until ? `muted until ${endOf(muted_until, clock.now())}` : null),
});
memberActions.push({
  name: "mute",
  label: "Mute for …",
  allowed: (member, state) => !member.muted_until && mayMute(member, state),
  run: askToMute,
});
memberActions.push({
  name: "unmute",
  label: "Unmute",
  allowed: (member, state) => Boolean(member.muted_until) && mayMute(member, state),
  run: ({ user }, room) => api.remove(`/rooms/${room.slug}/members/${user.id}/mute`),
});
