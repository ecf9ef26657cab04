import { dayName, dayOf, daysFrom, moment, timeOfDay } from "./rooms/ui/dates.js";
import { equal, test } from "./harness.js";

// `test_modules.py` gives the browser a zone with summer time. Its languages differ in commas.
const plain = (text) => text.replace(",", "");
/** @param {[year: number, month: number, day?: number, hours?: number, minutes?: number]} parts */
const local = (...parts) => new Date(...parts).getTime();

test("a day is one of the calendar, however long it is", () => {
  const monday = local(2026, 2, 30, 0, 30);
  equal(dayName(local(2026, 2, 29, 0, 5), monday), "Yesterday", "the short day of March in Europe");
  equal(plain(dayName(local(2026, 2, 28, 23, 55), monday)), "Saturday 28 March");
  equal(dayName(local(2026, 9, 25, 0, 5), local(2026, 9, 26, 23, 55)), "Yesterday", "the long one of October");
  for (let day = 1; day <= 365; day += 1) {
    equal([daysFrom(local(2026, 0, day, 23, 59), local(2026, 0, day + 1)), daysFrom(local(2026, 0, day + 1), local(2026, 0, day, 23, 59))], [1, -1], `day ${day}`);
  }
  equal([dayName(monday, monday), dayName(local(2026, 2, 31), monday)], ["Today", "Tomorrow"]);
  equal(dayName(local(2025, 4, 1), monday), "1 May 2025");
});

test("later days have greater keys", () => {
  const keys = [local(2026, 0, 31), local(2026, 1, 1), local(2026, 8, 30), local(2026, 9, 1), local(2026, 11, 31), local(2027, 0, 1)].map(dayOf);
  equal(keys, [...keys].sort());
});

test("a moment says its day unless it is today", () => {
  const now = local(2026, 10, 25, 19, 30);
  equal(timeOfDay(local(2026, 10, 25, 0, 5)), "00:05", "one clock for all, of 24 hours");
  equal([local(2026, 10, 25, 14, 5), local(2026, 10, 26, 1, 42), local(2026, 10, 24, 23, 0), local(2026, 10, 27, 1, 42), local(2026, 11, 9, 8, 0), local(2027, 0, 2, 8, 0)].map((at) => plain(moment(at, now))), [
    "14:05", "tomorrow at 01:42", "yesterday at 23:00", "Friday at 01:42", "Wed 9 Dec at 08:00", "2 January 2027 at 08:00",
  ]);
});
