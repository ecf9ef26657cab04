// The admin's pages, whose templates are Unfold's, with the landmarks and names that a screen reader
// goes by.

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  document.getElementById("nav-sidebar-inner")?.setAttribute("aria-label", "Pages of the admin");
});
// Lists that scroll get a name of their own, once they have been made: there are several on a page.
addEventListener("load", () => {
  document.querySelector("#nav-sidebar-apps .simplebar-content-wrapper")?.setAttribute("aria-label", "Sections");
  for (const field of /** @type {NodeListOf<HTMLSelectElement>} */ (document.querySelectorAll("select.admin-autocomplete"))) {
    nameChoice(field);
  }
});

/** What stands for a field whose values are looked up is called as the field is. */
function nameChoice(field) {
  const label = field.labels[0];
  const shown = field.nextElementSibling?.querySelector(".select2-selection__rendered");
  if (!label || !shown) return;
  label.id ||= `${field.id}_label`;
  shown.setAttribute("aria-labelledby", label.id);
  shown.closest(".select2-selection").setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
}
