"""People who talk at a steady pace, whatever happens around them, and notice what they lose.

    ask("settle", rooms={slug: [headers, …]})   everybody connects, each from their own address
    ask("talk", seconds=45, rate=300)           so many messages a second in all; what was noticed
    ask("complete", heads={slug: seq})          until all have heard all of their rooms

Whoever is thrown out comes back to where they were, as a browser does, and it is counted.
"""

import random
import re
import time
from collections import Counter

from .loader import Talk, Words
from .members import Member, Tally, quantile, stamped
from .sockets import CLOSED, Sockets
from .talking import is_settled

SENT = re.compile(rb'\{"id":(\d+),"type":"sent"')
COME_BACK_SECONDS = 0.5
PATIENCE = 60.0
# Answers and deliveries that are still on their way when a phase ends belong to it.
REST_SECONDS = 1.0


class Steady(Member):
    """A member of one room, who remembers what is not answered yet."""

    thrown_out: Counter[str]
    acks: list[float]
    unsaid: dict[int, float]

    def talk(self) -> None:
        if self.settled:
            number = self.say(self.rooms[0].decode(), stamped())
            self.unsaid[number] = time.perf_counter()

    def opened(self) -> None:
        super().opened()
        self.unsaid = {}

    def heard(self, payload: bytes) -> None:
        if SENT.search(payload):
            now = time.perf_counter()
            for number in SENT.findall(payload):
                began = self.unsaid.pop(int(number), None)
                if began is not None:
                    self.acks.append((now - began) * 1e3)
        super().heard(payload)

    def closed(self, code: int) -> None:
        self.thrown_out[str(code)] += 1
        self.all.later(COME_BACK_SECONDS, lambda: self.all.connect(self))


class Crowd:
    def __init__(self, plan: Words) -> None:
        self.sockets = Sockets(plan["port"])
        self.tally = Tally()
        self.tally.measuring = True
        self.thrown_out: Counter[str] = Counter()
        self.acks: list[float] = []
        self.everybody: list[Steady] = []

    def settle(self, rooms: dict[str, list[dict[str, str]]]) -> Words:
        for slug, people in rooms.items():
            for headers in people:
                each = Steady(headers, [slug], self.tally)
                number = len(self.everybody)
                each.source = f"127.77.{number // 200}.{number % 200 + 1}"
                each.thrown_out, each.acks = self.thrown_out, self.acks
                self.everybody.append(each)
        self.sockets.connect_all(self.everybody, is_settled)
        return {}

    def rest(self, seconds: float) -> Words:
        self.sockets.run(seconds)
        return {}

    def talk(self, seconds: float, rate: float) -> Words:
        self.tally.latencies.clear()
        self.acks.clear()
        self.thrown_out.clear()
        until = time.perf_counter() + seconds
        # Everybody in their turn, by the clock: whoever is late does not say less.
        due, turn = time.perf_counter(), 0
        order = random.sample(self.everybody, len(self.everybody))

        def say() -> None:
            nonlocal due, turn
            order[turn % len(order)].talk()
            turn += 1
            due += 1 / rate
            if due < until:
                self.sockets.later(due - time.perf_counter(), say)

        say()
        self.sockets.run(seconds)
        self.sockets.run(REST_SECONDS)
        unanswered = sum(len(each.unsaid) for each in self.everybody)
        return {
            **self.tally.report(),
            "said": turn,
            "unanswered": unanswered,
            "thrown_out": dict(self.thrown_out),
            "ack_p50_ms": quantile(self.acks, 0.5),
            "ack_p99_ms": quantile(self.acks, 0.99),
            "ack_worst_ms": quantile(self.acks, 1),
        }

    def complete(self, heads: dict[str, int]) -> Words:
        wanted = {slug.encode(): head for slug, head in heads.items()}

        def all_heard() -> bool:
            return all(
                each.state != CLOSED and each.cursors[room] >= wanted[room]
                for each in self.everybody
                for room in each.rooms
            )

        self.sockets.until(all_heard, PATIENCE, "all that was said, at everybody")
        return {"wrong": self.tally.wrong[:10]}


def load(plan: Words, talk: Talk) -> None:
    talk.serve(Crowd(plan))
