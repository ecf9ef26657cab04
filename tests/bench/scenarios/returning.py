"""People who come back by themselves, as the browser does, and from where they were.

ask("settle", rooms={slug: [headers, …]})
ask("leave", share=0.1)             so many vanish, as people in trains do
ask("return_from_now")              those who left try to come back; the others when told to
ask("caught_up", heads={slug: seq}) when did each hear the last of its room
"""

import random
import time

from .loader import Talk, Words
from .members import Member, Tally
from .sockets import CLOSED, Sockets
from .talking import is_settled

# As in rooms/static/rooms/core/backoff.js.
FIRST, LONGEST = 0.5, 20.0
PATIENCE = 120.0


class Returning(Member):
    failures = 0
    away = False
    greeted_at = 0.0
    heard_at = 0.0
    last_attempt = 0.0

    def opened(self) -> None:
        super().opened()
        self.last_attempt = self.began

    def heard(self, payload: bytes) -> None:
        before = self.greeted
        super().heard(payload)
        if self.greeted and not before:
            self.failures, self.greeted_at = 0, time.perf_counter()

    def got(self, events: int) -> None:
        self.heard_at = time.perf_counter()

    def closed(self, code: int) -> None:
        """After a `bye` when it says; else at some time within a bound that doubles."""
        if self.bye is not None:
            wait = (self.bye["retry_in"] or 0) + random.random()
        else:
            wait = random.random() * min(LONGEST, FIRST * 2**self.failures)
        self.failures += 1
        self.all.later(wait, self.come_back)

    def come_back(self) -> None:
        self.all.connect(self)


class Returners:
    def __init__(self, plan: Words) -> None:
        self.sockets = Sockets(plan["port"])
        self.tally = Tally()
        self.them: list[Returning] = []

    def settle(self, rooms: dict[str, list[dict[str, str]]]) -> Words:
        self.them = [
            Returning(headers, [slug], self.tally, sampled=False)
            for slug, people in rooms.items()
            for headers in people
        ]
        # They leave in this order: some of every room each time.
        random.shuffle(self.them)
        self.sockets.connect_all(self.them, is_settled)
        return {}

    def leave(self, share: float) -> Words:
        there = [each for each in self.them if not each.away]
        for each in there[: round(share * len(self.them))]:
            each.away = True
            each.vanish()
        return {"away": sum(each.away for each in self.them)}

    def return_from_now(self) -> Words:
        for each in self.them:
            if each.away:
                each.away = False
                each.closed(0)
        return {}

    def heard(self, heads: dict[str, int]) -> Words:
        wanted = {slug.encode(): head for slug, head in heads.items()}
        self.sockets.until(lambda: self._all_at(wanted), PATIENCE, "the last messages")
        return {}

    def _all_at(self, wanted: dict[bytes, int]) -> bool:
        return all(each.away or at(each, wanted) for each in self.them)

    def caught_up(self, heads: dict[str, int]) -> Words:
        wanted = {slug.encode(): head for slug, head in heads.items()}
        everybody = "everybody back and caught up"
        self.sockets.until(lambda: self._all_at(wanted), PATIENCE, everybody)
        return {
            "first": min(each.greeted_at for each in self.them),
            "at": sorted(each.heard_at for each in self.them),
            "took": sorted(each.heard_at - each.last_attempt for each in self.them),
            "wrong": self.tally.wrong[:10],
            "refused": dict(self.tally.refused),
        }


def at(each: Returning, wanted: dict[bytes, int]) -> bool:
    return each.state != CLOSED and all(
        each.cursors.get(room, -1) >= head for room, head in wanted.items() if room in each.rooms
    )


def load(plan: Words, talk: Talk) -> None:
    talk.serve(Returners(plan))
