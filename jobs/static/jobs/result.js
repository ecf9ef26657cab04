// What a job came to: a summary and a table. Files are drawn by rooms/files.js.
//
// Numbers stand as they were given: a year is no amount. A column may ask for thousands in groups:
// { "name": "Messages", "format": "grouped" } in place of "Messages".

import { copy, one } from "../rooms/ui/dom.js";
import { count } from "../rooms/ui/text.js";

export function drawResult(holder, result) {
  const parts = [];
  if (typeof result?.summary === "string") {
    const summary = document.createElement("p");
    summary.dir = "auto";
    summary.dataset.summary = "";
    summary.textContent = result.summary;
    parts.push(summary);
  }
  // A head without rows says nothing that the summary does not.
  if (Array.isArray(result?.table?.columns) && result.table.rows?.length > 0) parts.push(table(result.table));
  holder.replaceChildren(...parts);
  holder.hidden = parts.length === 0;
}

function table({ columns, rows }) {
  const element = copy("t-job-table");
  const numeric = columns.map((_, index) => rows.length > 0 && rows.every((row) => typeof row[index] === "number"));
  const cell = (name, value, index) => {
    const made = document.createElement(name);
    made.textContent = typeof value === "number" && columns[index]?.format === "grouped" ? count(value) : String(value ?? "");
    if (name === "th") made.scope = "col";
    else made.dir = "auto";
    made.classList.toggle("number", numeric[index]);
    return made;
  };
  one("thead tr", element).append(...columns.map((column, index) => cell("th", column?.name ?? column, index)));
  for (const row of rows) one("tbody", element).insertRow().append(...row.map((value, index) => cell("td", value, index)));
  return element;
}
