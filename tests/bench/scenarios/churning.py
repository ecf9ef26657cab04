"""People who come and go for as long as they are let, and do in between what people do.

    ask("settle", loyal={slug: [headers, …]}, restless=[[headers, slug], …])
    ask("tell")                      what happened since the last time
    ask("leave")                     the restless are gone, for good
    ask("heard", heads={slug: seq})  until all that stayed have heard so much

The loyal stay from the beginning to the end and miss nothing. The restless talk, type, fall asleep,
vanish without a word or close in order, and come back to where they were; each time something else.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping

from .loader import Talk, Words
from .members import Member, Tally, stamped
from .sockets import CLOSE, CLOSED, OPEN, Sockets
from .talking import is_settled

# Each restless one does something else about so often.
EVERY_SECONDS = 4.0
AWAY_SECONDS = 5.0
# Long enough to be sent away for it: by default the server waits 60 seconds.
LONG_SLEEP, SHORT_SLEEP = 75.0, 5.0
LOYAL_TALK_SECONDS = 5.0
PATIENCE = 120.0


class Restless(Member):
    """One visit after the other. What was planned for one visit is not done in the next."""

    visit = 0

    def __init__(
        self,
        headers: Mapping[str, str],
        room: str,
        tally: Tally,
        done: Counter[str],
        codes: Counter[str],
    ) -> None:
        # Sleepers have to be noticed by the server, not hidden by the kernel.
        super().__init__(headers, [room], tally, sampled=False, receive_buffer=4096)
        self.slug = room
        self.done = done
        self.codes = codes
        self.over = False

    def come(self) -> None:
        if not self.over:
            self.visit += 1
            self.done["connect"] += 1
            self.all.connect(self)
            self.plan(EVERY_SECONDS * random.random(), self.do_something)

    def plan(self, seconds: float, call: Callable[[], None]) -> None:
        visit = self.visit

        def still_this_visit() -> None:
            if visit == self.visit and self.state == OPEN and not self.over:
                call()

        self.all.later(seconds, still_this_visit)

    def subscribed(self, room: bytes, head: int, recovered: bool) -> None:
        self.done["resume" if room in self.cursors else "subscribe"] += 1
        super().subscribed(room, head, recovered)

    def do_something(self) -> None:
        what, weights = zip(*WHAT.items(), strict=True)
        (chosen,) = random.choices(what, weights)
        self.done[chosen.__name__] += 1
        chosen(self)
        if self.state == OPEN and self.reading:
            self.plan(EVERY_SECONDS * 2 * random.random(), self.do_something)

    def talk(self) -> None:
        if self.settled:
            for _ in range(random.randint(1, 4)):
                self.say(self.slug, stamped())

    def type(self) -> None:
        if self.settled:
            self.command("typing", room=self.slug)

    def sleep(self) -> None:
        self.stop_reading()
        long = random.random() < 0.05
        self.plan(LONG_SLEEP if long else SHORT_SLEEP, self.awake)

    def awake(self) -> None:
        self.read_again()
        self.plan(EVERY_SECONDS * random.random(), self.do_something)

    def disappear(self) -> None:
        self.vanish()
        self.all.later(AWAY_SECONDS * random.random(), self.come)

    def close_in_order(self) -> None:
        self.send(CLOSE, (1000).to_bytes(2, "big"))

    def forget(self) -> None:
        """As with a new tab: no place to come back to."""
        self.disappear()
        self.cursors.clear()

    def closed(self, code: int) -> None:
        self.codes[str(code)] += 1
        self.all.later(AWAY_SECONDS * random.random(), self.come)


WHAT: dict[Callable[[Restless], None], int] = {
    Restless.talk: 40,
    Restless.type: 20,
    Restless.sleep: 10,
    Restless.disappear: 15,
    Restless.close_in_order: 10,
    Restless.forget: 5,
}


class Churn:
    def __init__(self, plan: Words) -> None:
        self.sockets = Sockets(plan["port"])
        self.tally = Tally()
        self.tally.measuring = True
        self.done: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.loyal: list[Member] = []
        self.restless: list[Restless] = []
        self._told = 0

    def settle(
        self, loyal: dict[str, list[dict[str, str]]], restless: list[tuple[dict[str, str], str]]
    ) -> Words:
        self.loyal = [
            Member(headers, [slug], self.tally)
            for slug, people in loyal.items()
            for headers in people
        ]
        self.sockets.connect_all(self.loyal, is_settled)
        for each in self.loyal:
            self.talk_later(each)
        for headers, slug in restless:
            one = Restless(headers, slug, self.tally, self.done, self.codes)
            one.all = self.sockets
            self.restless.append(one)
            self.sockets.later(AWAY_SECONDS * random.random(), one.come)
        return {}

    def talk_later(self, each: Member) -> None:
        def talk() -> None:
            each.say(each.rooms[0].decode(), stamped())
            self.talk_later(each)

        self.sockets.later(LOYAL_TALK_SECONDS * 2 * random.random(), talk)

    def rest(self, seconds: float) -> Words:
        self.sockets.run(seconds)
        return {}

    def tell(self) -> Words:
        report = {**self.tally.report(), "done": dict(self.done), "codes": dict(self.codes)}
        report["delivered"], self._told = self.tally.delivered - self._told, self.tally.delivered
        self.tally.latencies = []
        return {**report, "open": len(self.sockets.open)}

    def leave(self) -> Words:
        for each in self.restless:
            each.over = True
            each.vanish()
        return {}

    def heard(self, heads: dict[str, int]) -> Words:
        wanted = {slug.encode(): head for slug, head in heads.items()}

        def all_heard() -> bool:
            return all(
                each.state != CLOSED and each.cursors[room] >= wanted[room]
                for each in self.loyal
                for room in each.rooms
            )

        self.sockets.until(all_heard, PATIENCE, "all that was said, by those who stayed")
        return {}


def load(plan: Words, talk: Talk) -> None:
    talk.serve(Churn(plan))
