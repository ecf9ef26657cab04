// The messages that came with the page, drawn as soon as the few modules are there that this needs.
// `view.js` goes on with the same list; whatever else the page has comes after it.

import * as clock from "../core/clock.js";
import { one } from "../ui/dom.js";
import { Layout } from "./layout.js";
import { createRow, updateRow } from "./rows.js";
import { fromPage } from "../core/store.js";
import { RowList } from "./row-list.js";
import "../features/members/notices.js";

/** The room of the page, for rows of other apps. */
export const stage = { room: null, slug: null };
export const layout = new Layout();
export const rows = new RowList(one("[data-entries]"), {
  create: (row) => createRow(row, stage.room),
  update: (element, row) => updateRow(element, row, stage.room),
});

const page = JSON.parse(one("#state").textContent);
clock.set(page.now);
const state = fromPage(page);
stage.slug = page.room.slug;
// Messages of other kinds come with the apps that draw them.
const OWN_KINDS = new Set(["text", "system"]);
const entries = state.entries.filter(({ kind, value }) => kind !== "message" || OWN_KINDS.has(value.kind));
rows.draw(layout.rows({ ...state, entries }, clock.now()));
const stream = one("[data-stream]");
const { shown } = page;
const line = shown?.seq ? one(`[data-seq="${shown.seq}"]`, stream) : one(".new-line", stream);
stream.scrollTop = stream.scrollHeight;
if (line) stream.scrollTop += Math.min(0, line.getBoundingClientRect().top - stream.getBoundingClientRect().top - stream.clientHeight / 4);
