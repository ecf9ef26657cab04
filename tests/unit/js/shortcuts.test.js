import { addShortcut, shortcuts } from "./rooms/core/extensions.js";
import { isPressed, listed } from "./rooms/shell/shortcuts.js";
import { equal, ok, test } from "./harness.js";

const pressed = (key, held = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

test("keys are heard as they are written", () => {
  ok(isPressed("Ctrl K", pressed("k", { ctrlKey: true })), "Ctrl K");
  ok(isPressed("Ctrl K", pressed("K", { metaKey: true })), "Command K, with Caps Lock");
  ok(isPressed("Alt ↑", pressed("ArrowUp", { altKey: true })), "Alt and an arrow");
  ok(!isPressed("Alt ↑", pressed("ArrowUp", { altKey: true, shiftKey: true })), "not with Shift as well");
  ok(isPressed("Alt Shift ↓", pressed("ArrowDown", { altKey: true, shiftKey: true })), "with Shift");
  ok(!isPressed("V", pressed("v", { ctrlKey: true })), "a letter alone is not one with Ctrl");
});

test("a sign is heard wherever a keyboard has it", () => {
  ok(isPressed("?", pressed("?", { shiftKey: true })), "with Shift");
  ok(isPressed("/", pressed("/", { shiftKey: true })), "a German keyboard");
  const third = { ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" };
  ok(isPressed("?", pressed("?", third)), "on the third level");
  ok(!isPressed("?", pressed("?", { ctrlKey: true })), "not with Ctrl");
});

test("two do not hear the same keys", () => {
  const shortcut = { keys: "Ctrl Q", group: "Test", words: "First", run() {} };
  const { error } = console;
  console.error = () => {};
  equal([addShortcut(shortcut), addShortcut({ ...shortcut, words: "Second" })], [true, false]);
  console.error = error;
  equal(shortcuts.filter(({ keys }) => keys === "Ctrl Q").map(({ words }) => words), ["First"]);
});

test("the list has groups, and what can be done with a message", () => {
  const all = [{ group: "A", keys: "1", words: "one" }, { group: "B", keys: "2", words: "two" }, { group: "A", keys: "3", words: "three" }];
  equal(listed(all, [{ key: "r", title: "Reply" }, { key: null, title: "Pin" }]), [
    ["On a message", [{ keys: "R", words: "Reply" }]],
    ["A", [{ keys: "1", words: "one" }, { keys: "3", words: "three" }]],
    ["B", [{ keys: "2", words: "two" }]],
  ]);
});
