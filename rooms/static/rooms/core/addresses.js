// Addresses of rooms and of messages in them, as people share them. Pure.

// What is longer is no number that the page could tell from the next one.
const PLACE = /^\/rooms\/([^/]+)\/(\d{1,15})?$/;

/** @typedef {{ slug: string, message: number | null }} Place */

/** Of a room, or of a message in it.
 *  @param {string} slug
 *  @param {number | null} message */
export const addressOf = (slug, message = null) => `/rooms/${slug}/${message ?? ""}`;

/** Where a path of this site leads to, null: to no room.
 *  @param {string} path
 *  @returns {Place | null} */
export function placeOf(path) {
  const [, slug, message] = PLACE.exec(path) ?? [];
  return slug ? { slug, message: message ? Number(message) : null } : null;
}
