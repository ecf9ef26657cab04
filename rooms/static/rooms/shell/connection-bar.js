// The bar that shows a lost connection. Nothing while all is well, nor for a moment without it.

import { LOGGED_OUT } from "../core/connection.js";
import { one, setText, show } from "../ui/dom.js";

const PATIENCE_MS = 2000;
const FAREWELL_MS = 1000;

export class ConnectionBar {
  #timer = 0;
  #shown = false;

  constructor(bar) {
    this.bar = bar;
    this.text = one("[data-connection-text]", bar);
    this.action = one("[data-connection-action]", bar);
  }

  /** As the connection tells its phase; see `connection.js`. */
  phase(phase, bye) {
    if (phase === "open") this.#well();
    else if (phase === "closed") this.#closed(bye);
    else if (!this.#shown && !this.#timer) this.#timer = setTimeout(() => this.#lost(phase), PATIENCE_MS);
    else if (this.#shown) this.#lost(phase);
  }

  #well() {
    this.#cancel();
    if (!this.#shown) return;
    this.#shown = false;
    this.#draw("back", "Connected");
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      show(this.bar, false);
    }, FAREWELL_MS);
  }

  #lost(phase) {
    this.#cancel();
    this.#shown = true;
    this.#draw("lost", phase === "offline" ? "You are offline… your messages will be sent" : "Reconnecting… your messages will be sent");
  }

  #closed(bye) {
    this.#cancel();
    this.#shown = true;
    const loggedOut = LOGGED_OUT.has(bye?.code);
    this.#draw("closed", bye?.reason || "The server has closed the connection.");
    show(this.action, true);
    setText(this.action, loggedOut ? "Log in" : "Reload");
    this.action.onclick = () => (loggedOut ? location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname)}`) : location.reload());
  }

  #draw(state, text) {
    this.bar.dataset.state = state;
    setText(this.text, text);
    show(this.action, false);
    show(this.bar, true);
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
