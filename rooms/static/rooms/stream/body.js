// The text of a message, as the server has made it.

/** `html` was made safe by the server, and is the only thing here that is not set as text. It is
 *  null where it would say no more than the text. */
export function drawBody(element, html, text) {
  if (html === null) {
    if (element.firstChild?.nodeType !== Node.TEXT_NODE || element.textContent !== text) element.textContent = text;
    element.dataset.plain = "";
    return;
  }
  if (element.html === html) return;
  element.html = html;
  delete element.dataset.plain;
  element.innerHTML = html;
  // What is wider than the column is moved sideways within itself, by the keyboard as well.
  for (const table of element.querySelectorAll("table")) holder("table-holder", "Table", table);
  for (const code of element.querySelectorAll("pre")) {
    code.tabIndex = 0;
    if (navigator.clipboard) wrapped("code", code).append(copyButton(code));
  }
}

function holder(name, label, held) {
  const element = wrapped(name, held);
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label);
}

function wrapped(name, held) {
  const element = document.createElement("div");
  element.className = name;
  held.replaceWith(element);
  element.append(held);
  return element;
}

function copyButton(code) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small copy-code";
  button.textContent = "Copy";
  button.onclick = async () => {
    await navigator.clipboard.writeText(code.querySelector("code")?.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };
  return button;
}
