// Attachments: pictures in place, anything else as a line to download. Used by messages and by
// other apps' entries.

import { copy, one, reconcile, setText } from "../../ui/dom.js";
import { bytes } from "../../ui/text.js";

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"]);

/** Show `files` (as REST gives them) in `holder`. */
export function drawFiles(holder, files) {
  holder.hidden = files.length === 0;
  reconcile(holder, files, {
    keyOf: (file) => file.id,
    create: (file) => (PICTURES.has(file.content_type) ? picture(file) : line(file)),
    update() {},
  });
}

function picture(file) {
  const element = copy("t-picture");
  element.dataset.file = file.name;
  one("a", element).href = file.url;
  const image = one("img", element);
  image.addEventListener("load", () => (image.dataset.loaded = ""), { once: true });
  Object.assign(image, { src: file.url, alt: file.name });
  setText(one(".name", element), file.name);
  one("[data-download]", element).href = `${file.url}?download`;
  return element;
}

function line(file) {
  const element = copy("t-file");
  element.dataset.file = file.name;
  element.href = file.url;
  element.download = file.name;
  element.setAttribute("aria-label", `Download ${file.name}, ${bytes(file.size)}`);
  setText(one(".name", element), file.name);
  setText(one("[data-size]", element), bytes(file.size));
  return element;
}
