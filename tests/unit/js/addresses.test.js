import { addressOf, placeOf } from "./rooms/core/addresses.js";
import { equal, test } from "./harness.js";

test("the address of a room and of a message lead back to them", () => {
  for (const place of [{ slug: "lobby", message: null }, { slug: "lobby-2", message: 17 }]) {
    equal(placeOf(addressOf(place.slug, place.message)), place);
  }
  equal([addressOf("lobby"), addressOf("lobby", 17)], ["/rooms/lobby/", "/rooms/lobby/17"]);
});

test("other addresses lead to no room", () => {
  const others = ["/", "/rooms/", "/rooms/lobby", "/rooms/lobby/state/", "/rooms/lobby/17/", "/rooms/lobby/-1", "/rooms/lobby/1e3", `/rooms/lobby/${"9".repeat(20)}`, "/rooms//17", "/x/rooms/lobby/17"];
  equal(others.map(placeOf), others.map(() => null));
});
