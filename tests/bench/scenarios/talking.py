"""The load that most scenarios share: rooms whose members listen and take turns in talking.

    ask("settle", rooms={slug: [headers, …]})   connect and subscribe; how long it took each
    ask("settle", rooms=…, asleep=True)         the same, with small buffers, and stop reading
    ask("measure", seconds=5, rate=2)           each room says something twice a second
    ask("measure", seconds=5, in_flight=1)      each room says the next when the last has come
    ask("wake")                                 the sleepers read what they missed, and leave
    ask("rest", seconds=3)                      listen
    ask("vanish")                               everybody is gone at once

Every message is counted at every member, and a measure ends when all that was sent has come.
"""

import random
import time
from typing import Any

from .loader import Talk, Words
from .members import FILLING, Member, Tally, quantile, stamped
from .socketio import SocketIoTalker
from .sockets import Sockets

WARM_UP = 0.2
# A message that has not come after so long is lost, and the measure with it.
PATIENCE = 60.0


class Room:
    """Its members take turns. `in_flight` of its messages are on their way at any time, if set."""

    def __init__(self, slug: str, filling: str) -> None:
        self.slug = slug
        self.filling = filling
        self.members: list[Any] = []
        self.talkers: list[Any] = []
        self.in_flight = 0
        self.sent = 0
        self.delivered = 0
        self._turn = random.randrange(1 << 20)

    def say(self) -> None:
        self._turn += 1
        self.sent += 1
        self.talkers[self._turn % len(self.talkers)].say(self.slug, stamped(self.filling))

    def got(self, events: int) -> None:
        self.delivered += events
        while self.in_flight and self.sent - self.delivered // len(self.members) < self.in_flight:
            self.say()

    def missing(self) -> int:
        """How often a message has not come to somebody who reads."""
        return sum(self.sent - each.came for each in self.members if each.reading)


class Talker(Member):
    """A member of one room."""

    came = 0
    room: Room

    def got(self, events: int) -> None:
        self.came += events
        self.room.got(events)


KINDS = {"ours": Talker, "socketio": SocketIoTalker}


class Crew:
    """Everybody in this process."""

    def __init__(self, plan: Words) -> None:
        self.sockets = Sockets(plan["port"])
        self.tally = Tally()
        self.rooms: dict[str, Room] = {}
        self.sleepers: list[Talker] = []
        self._kind: type[Any] = KINDS[plan.get("protocol", "ours")]
        self._sample = plan.get("sample", 1)
        self._filling = plan.get("filling", FILLING)

    def settle(
        self,
        rooms: dict[str, list[dict[str, str]]],
        at_once: int = 50,
        seconds: float = 120,
        asleep: bool = False,
    ) -> Words:
        newcomers: list[Any] = []
        for slug, them in rooms.items():
            room = self.rooms.setdefault(slug, Room(slug, self._filling))
            for number, headers in enumerate(them):
                each = self._kind(
                    headers,
                    [slug],
                    self.tally,
                    sampled=number % self._sample == 0 and not asleep,
                    receive_buffer=4096 if asleep else 0,
                )
                each.room, each.came = room, room.sent
                room.members.append(each)
                (self.sleepers if asleep else room.talkers).append(each)
                newcomers.append(each)
        random.shuffle(newcomers)
        started = time.perf_counter()
        took = self.sockets.connect_all(newcomers, is_settled, at_once, seconds)
        spent = time.perf_counter() - started
        if asleep:
            for each in newcomers:
                each.stop_reading()
        return {
            "seconds": spent,
            "p50_ms": quantile(took, 0.5) * 1e3,
            "p99_ms": quantile(took, 0.99) * 1e3,
            "refused": dict(self.tally.refused),
        }

    def measure(self, seconds: float, rate: float = 0.0, in_flight: int = 0) -> Words:
        rooms, tally = list(self.rooms.values()), self.tally
        until = time.perf_counter() + seconds * (1 + WARM_UP)
        at_first = tally.delivered
        for room in rooms:
            room.in_flight = in_flight
            if rate:
                self._keep_saying(room, random.random() / rate, 1 / rate, until)
            else:
                room.got(0)
        self.sockets.run(seconds * WARM_UP)
        tally.latencies, tally.measuring = [], True
        delivered, frames, bytes = tally.delivered, tally.frames, tally.bytes
        began = time.perf_counter()
        self.sockets.run(until - began)
        spent = time.perf_counter() - began
        delivered, frames = tally.delivered - delivered, tally.frames - frames
        bytes = tally.bytes - bytes
        for room in rooms:
            room.in_flight = 0
        # What is still on its way belongs to the picture: the slowest come last.
        self.sockets.until(self._all_came, PATIENCE, "the delivery of all that was said")
        tally.measuring = False
        return {
            **tally.report(),
            "seconds": spent,
            "all": tally.delivered - at_first,
            "per_second": delivered / spent,
            "bytes_per_second": bytes / spent,
            "per_frame": delivered / max(1, frames),
        }

    def _keep_saying(self, room: Room, first: float, every: float, until: float) -> None:
        """By the clock: whoever is late does not say less."""
        due = time.perf_counter() + first

        def say() -> None:
            nonlocal due
            room.say()
            due += every
            if due < until:
                self.sockets.later(due - time.perf_counter(), say)

        self.sockets.later(first, say)

    def _all_came(self) -> bool:
        return bool(self.tally.refused) or not any(map(Room.missing, self.rooms.values()))

    def wake(self) -> Words:
        for each in self.sleepers:
            each.read_again()
        started = time.perf_counter()
        self.sockets.until(self._all_came, PATIENCE, "what the sleepers had missed")
        spent = time.perf_counter() - started
        for each in self.sleepers:
            each.vanish()
            each.room.members.remove(each)
        self.sleepers.clear()
        return {"seconds": spent, "wrong": self.tally.wrong[:10]}

    def rest(self, seconds: float) -> Words:
        self.sockets.run(seconds)
        return {}

    def vanish(self) -> Words:
        self.sockets.vanish()
        self.rooms.clear()
        self.sleepers.clear()
        return {}


def is_settled(each: Any) -> bool:
    return bool(each.settled)


def load(plan: Words, talk: Talk) -> None:
    talk.serve(Crew(plan))
