// Leaving a room, with a word about what that means.

import * as api from "../../core/api.js";
import { one, setText, show } from "../../ui/dom.js";
import { confirmed } from "../../ui/confirm.js";
import { wordsOf } from "../../ui/text.js";

/** What leaving comes to. Pure. */
export function consequence({ room, members, user }) {
  if (room.visibility === "direct") {
    return `What was said stays with ${room.name}. Nothing more can be written there until you open it again, by "Write to ${room.name}".`;
  }
  const alone = (room.members ?? members.length) <= 1;
  const owners = members.filter(({ role }) => role === "owner");
  const lastOwner = room.role === "owner" && owners.every((owner) => owner.user.id === user.id);
  const invited = alone ? "Nobody can bring you back: you are the last one here." : "Only an invitation brings you back.";
  const back = room.visibility === "public" ? "You can join again at any time." : invited;
  return lastOwner && !alone ? `${back} You are its only owner: another member becomes the owner.` : back;
}

export class Leaving {
  constructor(room) {
    this.section = one("[data-leave-section]");
    this.error = one("[data-leave-error]", this.section);
    one("[data-leave]", this.section).addEventListener("click", () => this.#leave(room));
  }

  update({ room }) {
    show(this.section, room.role !== null);
  }

  async #leave({ slug, state }) {
    show(this.error, false);
    const { name, visibility } = state.room;
    const title = visibility === "direct" ? `Leave your conversation with ${name}?` : `Leave ${name}?`;
    const sure = await confirmed({ title, words: consequence(state), action: "Leave the room" });
    if (!sure) return;
    try {
      await api.post(`/rooms/${slug}/leave`);
      location.assign("/rooms/");
    } catch (refused) {
      setText(this.error, wordsOf(refused));
      show(this.error, true);
    }
  }
}
