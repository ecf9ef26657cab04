// Runs before the first paint, so that a page never flashes in the wrong colours.
// The switch itself is in `shell.js`.
try {
  const theme = localStorage.getItem("parley:theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing follows the system's colours.
}
