// Moments as people say them: one clock (24 hours), one order of day and month, the days of the
// calendar where the reader is. Pure.

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long" });
const dayAndMonth = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

const WEEK_DAYS = 7;

/** "14:05" */
export const timeOfDay = (at) => clock.format(new Date(at));

/** "Friday, 1 May 2026 at 14:05:09" */
export const exactTime = (at) => exact.format(new Date(at));

/** A key that two moments share when they are on one day where the reader is; later days have
 *  greater ones. */
export function dayOf(at) {
  const date = new Date(at);
  const two = (number) => String(number).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** How many days of the calendar `at` is after the day of `now`; before it: below zero. A day that
 *  is longer or shorter than 24 hours is one day. */
export function daysFrom(now, at) {
  const number = (date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000;
  return number(new Date(at)) - number(new Date(now));
}

const NEAR = new Map([[-1, "Yesterday"], [0, "Today"], [1, "Tomorrow"]]);

/** "Today", "Yesterday", "Friday 1 May", "1 May 2025" */
export function dayName(at, now) {
  const near = NEAR.get(daysFrom(now, at));
  if (near) return near;
  return sameYear(at, now) ? dayAndMonth.format(new Date(at)) : withYear.format(new Date(at));
}

/** A moment beside the present one: "14:05", "tomorrow at 01:42", "Friday at 01:42" within a week,
 *  "Fri 1 May at 01:42", "1 May 2027 at 01:42". It stands within a sentence. */
export function moment(at, now) {
  const days = daysFrom(now, at);
  if (days === 0) return timeOfDay(at);
  const date = new Date(at);
  const day =
    NEAR.get(days)?.toLowerCase() ??
    (Math.abs(days) < WEEK_DAYS ? weekday : sameYear(at, now) ? short : withYear).format(date);
  return `${day} at ${timeOfDay(at)}`;
}

const sameYear = (a, b) => new Date(a).getFullYear() === new Date(b).getFullYear();
