// The shapes that modules hand to each other, for the type checker of `make check` and for people.
// Nothing runs here, and no page loads it. What the server sends is written in docs/protocol.md.

/** @typedef {{ id: number, name: string }} Person */

/** @typedef {Person & { staff?: boolean }} Reader Whose page it is. */

/**
 * @typedef {{ name: string, topic: string, visibility: "public" | "private" | "direct", archived: boolean,
 *   edit_window: number | "always" | "never", who_posts?: "members" | "moderators", slow_mode?: number, default?: boolean,
 *   open_log?: boolean, description?: string, description_html?: string }} RoomDetails
 */

/**
 * @typedef {{ slug: string, created_at: string, active_at: string, seq: number, role: string | null, muted_until?: string | null,
 *   read_seq: number | null, unread: number, mentions: number, mentions_seq?: number, members?: number,
 *   epoch?: string, other?: Person | null } & RoomDetails} RoomRow
 *   `other` is with whom the reader has a room between two, which has their name.
 */

/** @typedef {RoomRow & { members: number }} OpenRoom The room that a page shows. */

/** @typedef {{ id: string, name: string, size: number, content_type: string, width: number | null,
 *   height: number | null, url: string, preview?: string | null }} Attachment */

/**
 * Apps add parts of their own.
 * @typedef {{ id: number, room: string, seq: number, at: string, author: Person | null, body: string,
 *   html: string, kind: string, reply_to: number | null, client_id: string | null,
 *   edited_at: string | null, deleted: { at: string, by: Person | null } | null,
 *   attachments: Attachment[], [part: string]: any }} Message
 */

/**
 * A message that was edited or deleted, by the event of that `seq`. `gone`: nothing of it is left.
 * @typedef {{ seq: number, message: Message, gone: boolean }} ChangedMessage
 */

/** @typedef {{ user: Person, role: string, muted_until?: string | null, [field: string]: any }} Member */

/** @typedef {{ room: RoomRow, by: Person | null, [field: string]: any }} Invitation */

/**
 * What stands in the stream. `value` is of the kind: of "message" a `Message`, of "notice" { type, user }.
 * @typedef {{ seq: number, at: string, kind: string, value: any, pace?: any }} Entry
 */

/**
 * An own message on its way. `failure`: why it stays there, true if nobody knows.
 * @typedef {{ client_id: string, body: string, at: string, reply_to?: number | null, files?: Attachment[], failure?: string | true }} Pending
 */

/**
 * An event of the server, or a local one. Durable ones have `seq` and `at`.
 * @typedef {{ type: string, room?: string, seq?: number, at?: string, [field: string]: any }} RoomEvent
 * @typedef {RoomEvent & { seq: number, at: string }} DurableEvent
 */

/**
 * What a page of a room says of it.
 * @typedef {{ user: Reader, rooms: RoomRow[], room: OpenRoom, epoch: string, now: string,
 *   messages: Message[], notices: DurableEvent[], head?: number, older?: boolean, members?: Member[],
 *   invitations?: Invitation[], inbox?: number, may?: Record<string, any>, first_unread?: { seq: number, at: string } | null,
 *   extra?: Record<string, any>, shown?: ShownMessage | null }} Page
 */

/**
 * The message that a page was opened for. `seq` null: it is not in the room. `around`: what stands around
 * it, where that is above `messages`.
 * @typedef {{ id: number, seq: number | null, deleted: boolean,
 *   around: { messages: Message[], older: boolean } | null }} ShownMessage
 */

/** @typedef {Omit<Page, "room" | "messages" | "notices"> & { room: null }} PlainPage What a page beside the rooms says. */

/**
 * A room as the browser knows it; `store.js` says what each part means.
 * @typedef {object} RoomState
 * @property {Reader} user
 * @property {RoomRow[]} rooms
 * @property {Invitation[]} invitations
 * @property {number} inbox How many entries of it are open.
 * @property {Record<string, any>} may
 * @property {OpenRoom} room
 * @property {string} epoch
 * @property {number} head
 * @property {Entry[]} entries
 * @property {boolean} older
 * @property {boolean} newer
 * @property {Entry[]} tail
 * @property {Entry[]} beside What is open beside the stream: a thread, its root first.
 * @property {Pending[]} pending
 * @property {ChangedMessage[]} changed
 * @property {Member[]} members
 * @property {Person[] | null} present null: the room is too full to say who is there.
 * @property {(Person & { until: number })[]} typing
 * @property {number | null} newAfter
 * @property {{ seq: number, at: string } | null} firstNew
 * @property {number} arrived
 * @property {string | null} withdrawn
 * @property {Record<string, any>} extra
 * @property {boolean} [anew] The database was put back, and this is of before.
 */

/** @typedef {Omit<RoomState, "room"> & { room: null }} PlainState What a page beside the rooms knows: no room is open. */

/** @typedef {{ now: number, reducers: Record<string, Reducer[]> }} ReducerContext */

/** @typedef {((draft: RoomState, event: RoomEvent, context: ReducerContext) => void) & { anyRoom?: boolean }} Reducer */

/** @typedef {import("../stream/room.js").Room} Room */

/**
 * @typedef {{ create(entry: Entry, room: Room): HTMLElement, update(element: HTMLElement, entry: Entry, room: Room): void,
 *   spoken?(entry: Entry): string | null, like?(entry: Entry): string | null, folded?(entries: Entry[]): string }} EntryKind
 */

/**
 * @typedef {{ create(entry: Entry, room: Room): HTMLElement, update?(element: HTMLElement, entry: Entry, room: Room): void,
 *   repeats?(entry: Entry, above: Entry): boolean }} MessageKind
 */

/**
 * @typedef {{ name: string, of(message: Message): any, create(room: Room): HTMLElement,
 *   update(element: HTMLElement, told: any, message: Message, room: Room): void }} MessagePart
 */

/**
 * @typedef {{ name: string, label(message: Message): string, title: string, icon: string, key: string | null,
 *   allowed?(message: Message, state: RoomState): boolean, run(message: Message, room: Room): void }} MessageAction
 */

/** @typedef {(body: HTMLElement, message: Message, room: Room) => void} BodyMark */

/** @typedef {{ name: string, label: string, icon: string, run(composer: any, room: Room): void }} ComposerTool */

/**
 * What somebody's card shows. `role` is null where they are not in the room any more.
 * @typedef {{ id: number, username: string, name: string, pronouns: string, about: string, role: string | null }} PersonCard
 * @typedef {{ name: string, label(card: PersonCard): string, allowed?(card: PersonCard, state: RoomState): boolean,
 *   run(card: PersonCard, room: Room): Promise<void> }} PersonAction
 */

/**
 * @typedef {{ name: string, label: string, danger?: boolean, allowed(member: Member, state: RoomState): boolean,
 *   run(member: Member, room: Room): Promise<void> }} MemberAction
 * @typedef {{ name: string, icon: string, of(member: Member): string | null }} MemberMark
 */

/** @typedef {{ keys: string, words: string, group: string, run?(event: KeyboardEvent, room: Room): void }} Shortcut */

/**
 * @typedef {{ key: string, icon: string, text: string, note?: string, address?: string, offer?: boolean, open?(): void }} Found
 * @typedef {{ find(words: string): Found[], ask?(words: string): Promise<any> }} FinderSource
 */

/** @typedef {{ slug: string, from: number, to: number, after: string | null, before: string | null }} Stretch */

/** @typedef {{ element: HTMLElement, update(state: RoomState): void, covers?: boolean }} Panel `covers`: it takes the
 *   place of the whole column while it is shown. */

/** @typedef {{ options: { name: string, text: string, insert: string }[], hint: string, complete: boolean }} Completion */

/** @typedef {{ from: number, label: string, options: { name: string, text: string, insert: string, taken?(): void }[] }} TextCompletion */

export {};
