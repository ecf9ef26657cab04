// Own messages that the server has not confirmed, kept over a reload. One list a person and room.

/** @import { Pending } from "./shapes.js" */

export class Outbox {
  /** @param {number} userId
   *  @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage */
  constructor(userId, storage = localStorage) {
    this.userId = userId;
    this.storage = storage;
  }

  /** Oldest first.
   *  @param {string} slug
   *  @returns {Pending[]} */
  list(slug) {
    try {
      const kept = JSON.parse(this.storage.getItem(this.#key(slug)) ?? "[]");
      return Array.isArray(kept) ? kept.filter((item) => item?.client_id && typeof item.body === "string") : [];
    } catch {
      return [];
    }
  }

  /** @param {string} slug
   *  @param {Pending} item */
  put(slug, item) {
    const others = this.list(slug);
    const index = others.findIndex((other) => other.client_id === item.client_id);
    if (index < 0) others.push(item);
    else others[index] = item;
    this.#write(slug, others);
  }

  remove(slug, clientId) {
    this.#write(slug, this.list(slug).filter((item) => item.client_id !== clientId));
  }

  #key(slug) {
    return `parley:outbox:${this.userId}:${slug}`;
  }

  #write(slug, items) {
    try {
      if (items.length) this.storage.setItem(this.#key(slug), JSON.stringify(items));
      else this.storage.removeItem(this.#key(slug));
    } catch {
      // A full or forbidden storage costs only the survival of a reload.
    }
  }
}
