// A complete client of the socket protocol: nothing is lost, nothing comes twice. It stands alone,
// for browsers and for Node from 22 on, to be copied.
//
//     const client = new Client("ws://127.0.0.1:8000/ws/", { token, onEvent: console.log });
//     await client.subscribe("lobby");
//     await client.send("lobby", "Hello"); // resolves when the server has stored it
//
// Without `token` the session cookie of the page goes along; only Node can send a token.

export class Refused extends Error {} // an answer that trying again does not mend; has `code`
export class Closed extends Error {} // the server does not want this client back

export class Client {
  #waiting = new Map(); // id → { command, resolve, reject }, in the order of sending
  #seen = new Map(); // room → its last seq; null: live from now on
  #epochs = new Map(); // room → of which history that is
  #nextId = 1;
  #failures = 0;
  #open = false;

  /** `onEvent` gets every event: durable ones once, and in order. `onGap(room, head)`: what came
   *  before is not told; load it over REST. `onState`: "open", "waiting" (seconds) or "closed". */
  constructor(url, { token = null, onEvent, onGap = () => {}, onState = () => {} }) {
    Object.assign(this, { url, token, onEvent, onGap, onState });
    this.#connect();
  }

  /** `after`, with its `epoch`, is a position that REST or an earlier run has told. */
  subscribe(room, after = null, epoch = null) {
    this.#seen.set(room, after);
    this.#epochs.set(room, epoch);
    return this.call({ type: "subscribe", room });
  }

  /** Like `send`, for text that is nobody's command: a slash at its start is a slash. */
  say(room, text) {
    return this.send(room, text.startsWith("/") ? `/${text}` : text);
  }

  /** Resolves when it is stored, however long that takes. One after the other keeps order. */
  send(room, body) {
    return this.call({ type: "send", room, body, client_id: crypto.randomUUID() });
  }

  /** Send a command, over as many connections as it takes. Rejects with Refused or Closed. */
  call(command) {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { command, resolve, reject });
      this.#post(id);
    });
  }

  close() {
    this.#ended({ reconnect: false, reason: "closed by this client" });
  }

  #connect() {
    const headers = this.token ? { headers: { Authorization: `Bearer ${this.token}` } } : undefined;
    const socket = (this.socket = new WebSocket(this.url, headers));
    this.bye = null;
    this.heartbeat = 25;
    this.#listen();
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.#listen();
      for (const item of JSON.parse(data)) this.#take(item);
    };
    // Some runtimes tell of a server that is not there as an error alone.
    socket.onerror = socket.onclose = ({ code, reason }) => {
      if (socket === this.socket) this.#ended(this.bye ?? { reconnect: !(code >= 4500), reason });
    };
  }

  /** Silence for two heartbeats means that the connection is dead. */
  #listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.#ended({ reconnect: true }), 2000 * this.heartbeat);
  }

  #ended({ reconnect, retry_in, reason }) {
    clearTimeout(this.silence);
    clearTimeout(this.again);
    const { socket } = this;
    this.socket = null;
    this.#open = false;
    socket?.close();
    if (!reconnect) {
      for (const { reject } of this.#waiting.values()) reject(new Closed(reason));
      this.#waiting.clear();
      return this.onState("closed", reason);
    }
    const jitter = Math.random() * Math.min(30, 0.5 * 2 ** this.#failures++);
    const wait = Math.max(jitter, retry_in ?? 0);
    this.onState("waiting", wait);
    this.again = setTimeout(() => this.#connect(), 1000 * wait);
  }

  #take(item) {
    if (item.id !== undefined) this.#answered(item);
    else if (item.type === "hello") this.#hello(item);
    else if (item.type === "bye") this.bye = item;
    else if (item.at !== undefined) {
      if (!this.#seen.has(item.room) || item.seq <= this.#seen.get(item.room)) return;
      this.#seen.set(item.room, item.seq);
      this.onEvent(item);
    } else if (item.type !== "heartbeat") {
      if (item.type === "unsubscribed") this.#seen.delete(item.room);
      this.onEvent(item);
    }
  }

  /** Send again what was not answered, in its order, and resume every room. */
  #hello({ heartbeat, limits }) {
    this.heartbeat = heartbeat;
    this.limits = limits;
    this.#failures = 0;
    const asked = new Set();
    for (const { command } of this.#waiting.values()) {
      if (command.type === "subscribe") asked.add(command.room);
    }
    for (const room of this.#seen.keys()) {
      if (!asked.has(room)) this.call({ type: "subscribe", room }).catch(() => {});
    }
    this.#open = true;
    for (const id of this.#waiting.keys()) this.#post(id);
    this.onState("open", 0);
  }

  #post(id) {
    const { command } = this.#waiting.get(id) ?? {};
    if (!this.#open || !command) return;
    const { type, room } = command;
    const from = type === "subscribe" ? { after: this.#seen.get(room), epoch: this.#epochs.get(room) } : {};
    const frame = new TextEncoder().encode(JSON.stringify({ id, ...command, ...from }));
    const most = this.limits.frame_bytes;
    if (frame.length <= most) return this.socket.send(new TextDecoder().decode(frame));
    // The server would skip it, and not know whose answer to give.
    const message = `A command has at most ${most} bytes; this one has ${frame.length}.`;
    this.#answered({ id, type: "error", code: "too_long", message, temporary: false });
  }

  #answered(answer) {
    const { command, resolve, reject } = this.#waiting.get(answer.id) ?? {};
    if (!command) return;
    const refused = answer.type === "error";
    if (refused && answer.temporary) {
      return setTimeout(() => this.#post(answer.id), 1000 * (answer.retry_after ?? 1));
    }
    this.#waiting.delete(answer.id);
    if (command.type === "subscribe" && refused) {
      this.#seen.delete(command.room);
      this.onEvent({ ...command, type: "unsubscribed", reason: answer.message });
    } else if (command.type === "subscribe") {
      const { room } = command;
      this.#epochs.set(room, answer.epoch);
      if (!answer.recovered) this.onGap(room, answer.seq);
      if (!answer.recovered || this.#seen.get(room) === null) this.#seen.set(room, answer.seq);
    }
    if (refused) reject(Object.assign(new Refused(answer.message), { code: answer.code }));
    else resolve(answer);
  }
}
