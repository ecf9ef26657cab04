// The socket to the server: comes back by itself, follows rooms from where they were, and sends
// again what was not answered. Knows the protocol's frame, not what the events mean.
//
// Phases: "connecting", "open" (after `hello`), "waiting" (for the next attempt), "offline" (the
// browser has no network), "closed" (the server does not want us back).
//
// "You are logged out" is doubted: a changed password gives this browser a new session, of which its
// other tabs learn by trying. Who really is logged out is "closed"; each time that somebody looks at
// the page it finds out whether they have logged in elsewhere, and then begins anew.

/** @import { RoomEvent } from "./shapes.js" */

/** @typedef {"connecting" | "open" | "waiting" | "offline" | "closed"} Phase */
/** @typedef {{ code?: number, reason?: string, reconnect: boolean, retry_in?: number }} Bye */
/** @typedef {{ type: string, [field: string]: any }} Command */
/** @typedef {{ command: Command, resend: boolean, urgent: boolean, sent: boolean, resolve(answer: any): void, reject(error: Error): void }} Waiting */
/** @typedef {{ position(): { after: number, epoch: string }, onSubscribed(answer: any): void, onRefused?(error: unknown): void }} Follower */

import { delay, delayAfterBye } from "./backoff.js";

const CONNECT_MS = 10_000;
// When an answer takes longer than this, a ping is sent. If nothing at all comes within PING_MS, the
// line is dead; or it is slow and busy with the last command, so each time in a row PING_MS doubles.
const ANSWER_MS = 5_000;
const PING_MS = 5_000;
const MOST_DOUBLINGS = 3;
const DEFAULT_HEARTBEAT_S = 25;
// Commands that wait for their answers at once; further ones wait here, where they can be counted.
const MOST_COMMANDS = 16;
// Close codes of who is not logged in (any more), and how often that is doubted: the new session's
// cookie comes with an answer that may be slower than the end of the old one.
/** @type {Set<number | undefined>} */
export const LOGGED_OUT = new Set([4501, 4503]);
const LOGGED_OUT_ATTEMPTS = 3;
const LOGGED_OUT_RETRY_S = 0.5;

/** The answer to a command was an error. */
export class Refusal extends Error {
  /** @param {{ code: string, message: string, temporary?: boolean, retry_after?: number }} answer */
  constructor({ code, message, temporary, retry_after }) {
    super(message);
    this.code = code;
    this.temporary = temporary ?? false;
    this.retryAfter = retry_after ?? null;
  }
}

/** The connection ended before a command that must not be sent twice was answered. */
export class Lost extends Error {
  constructor() {
    super("The connection was lost. Try again.");
  }
}

export class Connection {
  /** @type {WebSocket | null} */
  #socket = null;
  #nextId = 1;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map(); // id → { command, resend, urgent, sent, resolve, reject }, oldest first
  #paced = false; // the server said "not so fast": nothing more until it may be
  /** @type {Map<string, Follower>} */
  #rooms = new Map(); // slug → { position, onSubscribed, onRefused }
  #failures = 0;
  #unanswered = 0; // connections in a row that were given up while something was to be answered
  #timers = new Map();
  #heartbeat = DEFAULT_HEARTBEAT_S;
  /** @type {Bye | null} */
  #bye = null;
  #doubts = 0;
  /** @type {Bye | null} */
  #loggedOut = null; // the first bye that said so, until there is a `hello`

  /** `userId` is whose page it is. `onAnew` is called when the page has to be loaded again, as it is
   *  somebody else's session now, or another one of theirs.
   *  @param {{ url: string, userId?: number | null, onEvents(events: RoomEvent[]): void,
   *    onPhase(phase: Phase, bye: Bye | null): void, onAnew(): void, open?(url: string): WebSocket, random?(): number }} options */
  constructor({ url, userId = null, onEvents, onPhase, onAnew, open = (address) => new WebSocket(address), random = Math.random }) {
    this.url = url;
    this.userId = userId;
    this.onAnew = onAnew;
    this.onEvents = onEvents;
    this.onPhase = onPhase;
    this.open = open;
    this.random = random;
    /** @type {Phase} */
    this.phase = "connecting";
  }

  start() {
    window.addEventListener("online", () => this.#reachable());
    window.addEventListener("offline", () => this.#unreachable());
    document.addEventListener("visibilitychange", () => document.hidden || this.#reachable());
    window.addEventListener("focus", () => this.phase === "closed" && this.#reachable());
    navigator["connection"]?.addEventListener?.("change", () => this.#reachable());
    window.addEventListener("pageshow", (event) => event.persisted && this.#reachable());
    if (navigator.onLine === false) this.#enter("offline");
    else this.#connect();
  }

  /** Follow a room. `position()` is { after, epoch }: the last seq seen, and of which history it is;
   *  `onSubscribed(answer)` comes at every (re)start.
   *  @param {string} slug
   *  @param {Follower} follower */
  follow(slug, { position, onSubscribed, onRefused }) {
    this.#rooms.set(slug, { position, onSubscribed, onRefused });
    if (this.phase === "open") this.#subscribe(slug);
  }

  unfollow(slug) {
    if (!this.#rooms.delete(slug)) return;
    this.notify({ type: "unsubscribe", room: slug });
  }

  /** Resolves with the answer. With `resend` it outlives the connection and goes out again on the
   *  next one (the server knows it by its client_id); without, it fails with the connection.
   *  It waits its turn, and is sent again when it came too fast; `urgent` does neither.
   *  @param {Command} command
   *  @returns {Promise<any>} */
  command(command, { resend = false, urgent = false } = {}) {
    return new Promise((resolve, reject) => {
      if (this.phase === "closed" || (this.phase !== "open" && !resend)) return reject(new Lost());
      const id = this.#nextId++;
      const waiting = { command, resend, urgent, sent: false, resolve, reject };
      this.#waiting.set(id, waiting);
      if (this.phase !== "open") return;
      if (urgent) this.#begin(id, waiting);
      else this.#flow();
    });
  }

  /** Say something that needs no answer, if there is somebody to hear it.
   *  @param {Command} command */
  notify(command) {
    if (this.phase === "open") this.#write(command);
  }

  #connect() {
    this.#clear();
    this.#bye = null;
    if (this.phase !== "closed") this.#enter("connecting");
    const socket = this.open(this.url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.#socket) return;
      if (code >= 4500 && code < 5000) this.#bye ??= { code, reason, reconnect: false };
      this.#lost();
    };
    this.#after("connect", CONNECT_MS, () => this.#lost());
  }

  #receive(data) {
    this.#after("silence", (2 * this.#heartbeat + 5) * 1000, () => this.#lost());
    this.#cancel("ping");
    this.#cancel("answer");
    let objects;
    try {
      objects = JSON.parse(data);
    } catch {
      return console.error("A frame is not JSON.");
    }
    const events = [];
    for (const object of objects) {
      if (object.id !== undefined) {
        // What came before an answer is told before it.
        this.#tell(events.splice(0));
        this.#answer(object);
      } else if (object.type === "hello") this.#hello(object);
      else if (object.type === "bye") this.#bye = object;
      else if (object.type !== "heartbeat") events.push(object);
    }
    this.#tell(events);
    this.#expect();
  }

  #tell(events) {
    if (events.length) this.onEvents(events);
  }

  #hello(hello) {
    if (this.phase === "closed" || (this.userId !== null && hello.user.id !== this.userId)) {
      this.#drop();
      return this.onAnew();
    }
    this.#doubts = 0;
    this.#loggedOut = null;
    this.#cancel("connect");
    this.#heartbeat = hello.heartbeat ?? DEFAULT_HEARTBEAT_S;
    this.#failures = 0;
    this.#enter("open");
    for (const slug of this.#rooms.keys()) this.#subscribe(slug);
    this.#flow();
  }

  /** Send what waits its turn, in order. */
  #flow() {
    if (this.phase !== "open" || this.#paced) return;
    let free = MOST_COMMANDS;
    for (const { sent, urgent } of this.#waiting.values()) if (sent && !urgent) free -= 1;
    for (const [id, waiting] of this.#waiting) {
      if (free <= 0) return;
      if (waiting.sent) continue;
      this.#begin(id, waiting);
      free -= 1;
    }
  }

  #begin(id, waiting) {
    waiting.sent = true;
    this.#write({ id, ...waiting.command });
    this.#expect();
  }

  /** While an answer is due, find out sooner than by silence whether anybody is there. */
  #expect() {
    if (this.phase !== "open" || this.#timers.has("answer") || this.#timers.has("ping")) return;
    for (const { sent } of this.#waiting.values()) {
      if (sent) return this.#after("answer", ANSWER_MS, () => this.#ask());
    }
  }

  #ask() {
    this.#cancel("answer");
    this.#after("ping", PING_MS * 2 ** Math.min(this.#unanswered, MOST_DOUBLINGS), () => {
      this.#unanswered += 1;
      this.#lost();
    });
    this.command({ type: "ping" }, { urgent: true }).catch(() => {});
  }

  /** Every refusal gets a moment of its own; at the last of them there is room for all of them. */
  #pace(seconds) {
    this.#paced = true;
    this.#after("pace", seconds * 1000, () => {
      this.#paced = false;
      this.#flow();
    });
  }

  async #subscribe(slug) {
    const room = this.#rooms.get(slug);
    if (!room) return;
    try {
      const answer = await this.command({ type: "subscribe", room: slug, ...room.position() }, { urgent: true });
      if (this.#rooms.get(slug) === room) room.onSubscribed(answer);
    } catch (error) {
      if (this.#rooms.get(slug) !== room || error instanceof Lost) return;
      if (error instanceof Refusal && error.temporary) this.#after(`subscribe ${slug}`, (error.retryAfter ?? 1) * 1000, () => this.#subscribe(slug));
      else room.onRefused?.(error);
    }
  }

  #answer(answer) {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    if (answer.code === "rate_limited" && !waiting.urgent) {
      waiting.sent = false;
      return this.#pace(answer.retry_after ?? 1);
    }
    this.#waiting.delete(answer.id);
    if (!waiting.urgent || answer.type === "pong") this.#unanswered = 0;
    if (answer.type === "error") waiting.reject(new Refusal(answer));
    else waiting.resolve(answer);
    this.#flow();
  }

  /** The socket closed, or is as good as closed. */
  #lost() {
    this.#drop();
    if (this.phase === "closed") return;
    const bye = this.#bye;
    if (bye && !bye.reconnect) {
      if (!LOGGED_OUT.has(bye.code)) return this.#close(bye);
      this.#loggedOut ??= bye;
      if (this.#doubts === LOGGED_OUT_ATTEMPTS) return this.#close(this.#loggedOut);
      this.#doubts += 1;
    }
    this.#paced = false;
    for (const [id, waiting] of [...this.#waiting]) {
      waiting.sent = false;
      if (waiting.resend) continue;
      this.#waiting.delete(id);
      waiting.reject(new Lost());
    }
    if (navigator.onLine === false) return this.#enter("offline");
    const wait = bye ? delayAfterBye(bye.retry_in ?? (bye.reconnect ? 0 : LOGGED_OUT_RETRY_S), this.random) : delay(this.#failures, this.random);
    this.#failures += 1;
    this.#enter("waiting");
    this.#after("again", wait, () => this.#connect());
  }

  #close(bye) {
    this.#enter("closed", bye);
    for (const { reject } of this.#waiting.values()) reject(new Lost());
    this.#waiting.clear();
  }

  /** Something says that the network is there: find out now, not at the end of a wait. */
  #reachable() {
    if (this.phase === "waiting" || this.phase === "offline") return this.#connect();
    if (this.phase === "closed" && this.#loggedOut && !this.#socket) return this.#connect();
    if (this.phase === "open") this.#ask();
  }

  #unreachable() {
    if (this.phase === "closed") return;
    this.#lost();
  }

  #drop() {
    this.#clear();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    // A socket whose other end is gone takes a minute to close; nobody waits for it.
    try {
      socket.close();
    } catch {
      // It was closed already.
    }
  }

  #write(object) {
    // A socket that is being closed takes nothing; what waits for an answer is sent again by the next.
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(object));
  }

  /** @param {Phase} phase
   *  @param {Bye | null} bye */
  #enter(phase, bye = null) {
    this.phase = phase;
    this.onPhase(phase, bye);
  }

  #after(name, ms, then) {
    this.#cancel(name);
    this.#timers.set(name, setTimeout(then, ms));
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  #clear() {
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
  }
}
