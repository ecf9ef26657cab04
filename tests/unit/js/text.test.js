import { Outbox } from "./rooms/core/outbox.js";
import { sections, unreadOf } from "./rooms/shell/sidebar.js";
import { matching } from "./rooms/shell/room-source.js";
import { bytes, counted, cut, duration, excerpt, hue, initials, isEmojiAlone, isolated, lengthOf, names, posted } from "./rooms/ui/text.js";
import { uuid } from "./rooms/core/uuid.js";
import { equal, ok, test } from "./harness.js";

test("figures for people", () => {
  equal([512, 3400, 12_000_000, 999_999].map(bytes), ["512 B", "3.4 kB", "12 MB", "1.0 MB"]);
  equal([0, 8, 60, 125, 3600, 11400].map(duration), ["0 s", "8 s", "1 min", "2 min 5 s", "1 h", "3 h 10 min"]);
  equal([counted(1, "message"), counted(1200, "message")], ["1 message", "1,200 messages"]);
});

test("names for people", () => {
  equal(["Ana Berg", "ana", " Ana  Maria Berg ", "Åsa", "A\u030asa", "😀 x", "👩🏽‍🚀 Emma", "🇩🇪 Team", ""].map(initials), ["AB", "A", "AB", "Å", "A\u030a", "😀X", "👩🏽‍🚀E", "🇩🇪T", ""]);
  equal([["Ana"], ["Ana", "Ben"], ["Ana", "Ben", "Cy"], ["Ana", "Ben", "Cy", "Di"]].map(names), ["Ana", "Ana and Ben", "Ana, Ben and Cy", "Ana, Ben and 2 others"]);
  equal(hue("Ana"), hue("Ana"));
  equal(isolated("a\u202eb\u2066c"), "\u2068abc\u2069", "marks that would turn the rest of the line");
});

test("lengths as the server counts them", () => {
  equal(["", "abc", "😀😀", "e\u0301", "👩\u200d🚀", "\ud83d", "漢字"].map(lengthOf), [0, 3, 2, 2, 3, 1, 2]);
});

test("a text is cut between two signs", () => {
  const family = "👨\u200d👩\u200d👧";
  equal(cut("abc", 3), "abc");
  equal(cut("abcd", 3), "ab…");
  equal(cut(`a${family}bcdefghijk`, 10), `a${family}…`, "one sign, whole");
  equal(cut(`a${family}bcdefghijk`, 9), "a…", "one sign, left out");
  equal(cut("🇩🇪🇫🇷🇮🇹", 8), "🇩🇪…", "a flag is two");
  equal(cut("ae\u0301e\u0301e\u0301", 5), "ae\u0301…");
  ok(cut(`a${"\u0301".repeat(9000)}`, 120).length < 200, "signs without end");
  ok(excerpt("x😀".repeat(200)).isWellFormed());
  equal(excerpt("\n  one\ntwo"), "one");
  equal(initials(`${family} Ann`), `${family}A`);
});

test("what is sent keeps its indentation", () => {
  equal(posted("\n  \n    def f():\n        pass\n\n"), "    def f():\n        pass");
  equal(posted("  \n \t\n"), "");
  equal(posted("a"), "a");
});

test("the time to read a text grows with its length", () => {
  const readers = { lengthOf, posted, excerpt, initials, isolated, cut: (text) => cut(text, 100) };
  for (const [name, read] of Object.entries(readers))
    for (const piece of [" ", " \n", "a ", "😀", "e\u0301", "\u202e", "🇩🇪", "\u200d"]) {
      const quickest = (length) => {
        const text = piece.repeat(length);
        return Math.min(...Array.from({ length: 5 }, () => {
          const begun = performance.now();
          for (let times = 0; times < 5; times += 1) read(text);
          return performance.now() - begun;
        }));
      };
      // Eight times as much takes eight times as long, with much leave for a busy machine.
      ok(quickest(16_000) < 40 * (quickest(2_000) + 1), `${name} of ${JSON.stringify(piece)}`);
    }
});

test("a few emoji alone are shown large, anything else is not", () => {
  equal(["👍", "🎉🎉 🎉", "👩🏽‍🚀", "🇩🇪", "❤️", "1️⃣", "👍🏽"].filter((text) => !isEmojiAlone(text)), []);
  equal(["", "ok", "👍 ok", "1", "#", "©", "🎉🎉🎉🎉", "é", "  "].filter(isEmojiAlone), []);
});

/** Only what these tests need of it.
 *  @param {string} slug
 *  @param {string | null} role
 *  @returns {any} */
const room = (slug, unread = 0, visibility = "public", role = "member") => ({ slug, name: slug, unread, visibility, role });

test("rooms with something unread come first, the open one keeps its place", () => {
  const rooms = [room("b"), room("a", 2), room("d", 0, "direct"), room("c", 1)];
  /** @param {[attended: string | null, kept?: string]} more */
  const listed = (...more) => sections(rooms, ...more).map(({ name, rooms: own }) => [name, own.map(({ slug }) => slug)]);
  equal(listed(null), [["Unread", ["a", "c"]], ["Rooms", ["b"]], ["Direct", ["d"]]]);
  equal(listed("a"), [["Unread", ["c"]], ["Rooms", ["a", "b"]], ["Direct", ["d"]]]);
  equal(listed("a", "a"), [["Unread", ["a", "c"]], ["Rooms", ["b"]], ["Direct", ["d"]]]);
  equal([unreadOf(rooms, null), unreadOf(rooms, "a")], [3, 1]);
});

test("rooms are found by how their names begin", () => {
  const found = (words) => matching([room("old lobby"), room("lobby"), room("den"), room("my-lobster", 0, "public", null)], words).map(({ name }) => name);
  equal(found("lob"), ["lobby", "old lobby", "my-lobster"]);
  equal(found("zzz"), []);
});

test("what is not sent is kept, one list a person and room", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const outbox = new Outbox(1, storage);
  outbox.put("lobby", { client_id: "a", body: "x", at: "" });
  outbox.put("lobby", { client_id: "b", body: "y", at: "" });
  outbox.put("lobby", { client_id: "a", body: "x", at: "", failure: true });
  equal(outbox.list("lobby").map(({ client_id, failure }) => [client_id, failure ?? false]), [["a", true], ["b", false]]);
  equal([outbox.list("den"), new Outbox(2, storage).list("lobby")], [[], []]);
  outbox.remove("lobby", "a");
  outbox.remove("lobby", "b");
  equal(kept.size, 0);
  kept.set("parley:outbox:1:lobby", "{not json");
  equal(outbox.list("lobby"), []);
});

test("a storage that refuses costs nothing but the survival", () => {
  const refusing = { getItem: () => null, setItem() { throw new Error("full"); }, removeItem() { throw new Error("no"); } };
  const outbox = new Outbox(1, refusing);
  outbox.put("lobby", { client_id: "a", body: "x", at: "" });
  outbox.remove("lobby", "a");
  ok(outbox.list("lobby").length === 0, "empty");
});

test("an id is a random UUID, also where the browser makes none", () => {
  const made = [uuid(), uuid()];
  ok(made.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)), made.join(" "));
  ok(made[0] !== made[1], "another each time");
});
