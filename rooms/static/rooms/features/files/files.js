// Attachments: pictures in place, anything else as a line to download. Used by messages and by
// other apps' entries.

import { copy, one, reconcile, setText } from "../../ui/dom.js";
import { bytes } from "../../ui/text.js";

// The largest that a picture is shown in the stream, in pixels.
const WIDEST = 560;
const HIGHEST = 420;
const MEDIA = new Set(["video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav"]);
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"]);

/** Show `files` (as REST gives them) in `holder`. */
export function drawFiles(holder, files) {
  holder.hidden = files.length === 0;
  reconcile(holder, files, {
    keyOf: (file) => file.id,
    create: (file) => (PICTURES.has(file.content_type) ? picture : MEDIA.has(file.content_type) ? media : line)(file),
    update() {},
  });
}

function picture(file) {
  const element = copy("t-picture");
  element.dataset.file = file.name;
  one("a", element).href = file.url;
  const image = one("img", element);
  const place = placeOf(file);
  // Its place is kept free before it is there, so that nothing moves when it comes.
  if (place) [image.width, image.height] = place;
  else {
    image.dataset.unknown = "";
    image.addEventListener("load", () => delete image.dataset.unknown, { once: true });
  }
  Object.assign(image, { src: file.preview ?? file.url, alt: file.name });
  setText(one(".name", element), file.name);
  one("[data-download]", element).href = `${file.url}?download`;
  return element;
}

/** Sound and film, as the browser plays them. */
function media(file) {
  const element = copy("t-media");
  element.dataset.file = file.name;
  const player = document.createElement(file.content_type.startsWith("video/") ? "video" : "audio");
  Object.assign(player, { src: file.url, controls: true, preload: "metadata" });
  player.setAttribute("aria-label", file.name);
  element.prepend(player);
  setText(one(".name", element), file.name);
  one("[data-download]", element).href = `${file.url}?download`;
  return element;
}

function line(file) {
  const element = copy("t-file");
  element.dataset.file = file.name;
  element.href = file.url;
  element.download = file.name;
  setText(one(".name", element), file.name);
  setText(one("[data-size]", element), bytes(file.size));
  return element;
}

/** How large a picture is shown where there is space: [width, height]; null where nobody knows before
 *  it is there. A plot is drawn as large as it was made. Pure. */
export function placeOf({ width, height, content_type }) {
  if (!width || !height) return null;
  const most = content_type === "image/svg+xml" ? Infinity : HIGHEST;
  const scale = Math.min(1, WIDEST / width, most / height);
  return [width, height].map((side) => Math.max(1, Math.round(side * scale)));
}
