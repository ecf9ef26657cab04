// Around Swagger's page: the colours that the reader has chosen, and what a screen reader needs of
// what Swagger draws.

const dark = matchMedia("(prefers-color-scheme: dark)");

function paint() {
  const { theme } = document.documentElement.dataset;
  document.documentElement.classList.toggle("dark-mode", theme ? theme === "dark" : dark.matches);
}
dark.addEventListener("change", paint);
paint();

const page = /** @type {HTMLElement} */ (document.getElementById("swagger-ui"));
new MutationObserver(() => {
  // A link within a button is neither of them; the button does what the link would.
  for (const link of page.querySelectorAll("button a[href]")) link.removeAttribute("href");
  // Groups of operations stand right below the title, what an operation takes right below its group.
  for (const title of page.querySelectorAll(":is(h3.opblock-tag, .models h4):not([aria-level])")) title.ariaLevel = "2";
  for (const title of page.querySelectorAll("h4:not([aria-level])")) title.ariaLevel = "3";
}).observe(page, { childList: true, subtree: true });
