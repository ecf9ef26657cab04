// The admin's pages, whose templates are Unfold's, with the landmarks that a screen reader goes by.

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
});
// Lists that scroll get a name of their own, once they have been made: there are several on a page.
addEventListener("load", () => {
  document.querySelector("#nav-sidebar-apps .simplebar-content-wrapper")?.setAttribute("aria-label", "Sections");
});
