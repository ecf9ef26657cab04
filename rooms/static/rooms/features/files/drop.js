// Files that are dropped on a room.

import { copy, show } from "../../ui/dom.js";

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** @param {HTMLElement} place
 *  @param {() => boolean} allowed
 *  @param {(files: File[]) => void} take */
export function takeDropped(place, allowed, take) {
  const sign = copy("t-drop");
  place.append(sign);
  // Elements within are entered before those around them are left.
  let within = 0;
  const over = (by) => {
    within = Math.max(0, within + by);
    show(sign, within > 0 && allowed());
  };
  place.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  place.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  place.addEventListener("dragover", (event) => {
    const data = event.dataTransfer;
    if (!data || !hasFiles(event)) return;
    event.preventDefault();
    data.dropEffect = allowed() ? "copy" : "none";
  });
  place.addEventListener("drop", (event) => {
    const data = event.dataTransfer;
    if (!data || !hasFiles(event)) return;
    event.preventDefault();
    over(-within);
    if (allowed()) take([...data.files]);
  });
}

/** The files that are pasted, where there is no text beside them: a spreadsheet has a picture of itself.
 *  @template F
 *  @param {{ clipboardData: { types: readonly string[], files: Iterable<F> } | null }} event
 *  @returns {F[]} */
export function pastedFiles(event) {
  const data = event.clipboardData;
  return !data || data.types.includes("text/plain") ? [] : [...data.files];
}
