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
  for (const code of element.querySelectorAll("pre")) {
    code.tabIndex = 0;
    if (navigator.clipboard) code.append(copyButton(code));
  }
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
