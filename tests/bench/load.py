"""The load, in a process of its own: members of one room on raw sockets, in a closed loop.

`--in-flight w`: something is sent whenever less than w messages times all members are under way.
Every member sends in its turn. Every delivery is counted; the latency of one member's in ten is
taken, from just before the sender's write to just after the member's read: of all that was sent
while it was measured, also when it came later. Several values of w are run one after the other on
the same connections. Writes one JSON object a line: `open` once,
then `begin`, `end` and `drained` for each run, so that whoever started it can look at the server at
those moments.

    python -m tests.bench.load --wire plain --port 8000 --members 500 --in-flight 1 8 64
"""

import argparse
import gc
import json
import select
import sys
import time
from pathlib import Path
from typing import Any

from . import layout
from .member import Closed, Member, Timings
from .wire import WIRES, Wire

SAMPLED = 10
WARM_UP = 1.0
# A peer may lose messages; what it keeps silent about so long no longer holds the loop up.
SILENCE = 2.0
# How long what is still under way is waited for at the end: in all, and without a sign of life.
DRAIN, DRAIN_SILENCE = 30.0, 10.0


class Load:
    """Members on one event loop. Counters only grow; a run takes differences."""

    def __init__(self, members: list[Member], timings: Timings) -> None:
        self.members, self.timings = members, timings
        self.by_fd = {member.fileno(): member for member in members}
        self.poller = Poller([member.fileno() for member in members])
        self.sent = self.delivered = self.written_off = 0
        self.heard = time.perf_counter()

    def take(self, timeout: float) -> None:
        """Read what is there, waiting so long for the first."""
        ready = self.poller.poll(timeout)
        for fd in ready:
            self.delivered += self.by_fd[fd].read()
        if ready:
            self.heard = time.perf_counter()

    def under_way(self) -> int:
        """Deliveries that were sent and have not come, but for those that are held for lost."""
        return self.sent * len(self.members) - self.delivered - self.written_off

    def top_up(self, in_flight: int) -> None:
        """Members take turns, so that no connection is asked for more than a person would type."""
        count = len(self.members)
        while self.sent - (self.delivered + self.written_off) // count < in_flight:
            member = self.members[self.sent % count]
            member.post(self.sent)
            self.sent += 1

    def run_until(self, end: float, in_flight: int) -> None:
        while (now := time.perf_counter()) < end:
            self.top_up(in_flight)
            self.take(min(0.2, end - now))
            if now - self.heard > SILENCE:
                self.written_off += self.under_way()
                self.heard = now

    def drain(self) -> None:
        end = time.perf_counter() + DRAIN
        self.heard = time.perf_counter()
        while self.sent * len(self.members) > self.delivered:
            now = time.perf_counter()
            if now > end or now - self.heard > DRAIN_SILENCE:
                break
            self.take(0.2)

    def total(self, what: str) -> int:
        return sum(getattr(member, what) for member in self.members)

    def run(self, in_flight: int, seconds: float) -> None:
        sent_before, delivered_before = self.sent, self.delivered
        refused = self.total("refused")
        self.run_until(time.perf_counter() + min(WARM_UP, seconds / 2), in_flight)
        tell("begin", in_flight=in_flight)
        self.timings.restart()
        delivered, frames, read = self.delivered, self.total("frames"), self.total("bytes")
        busy = time.process_time()
        begin = time.perf_counter()
        self.run_until(begin + seconds, in_flight)
        spent = time.perf_counter() - begin
        count = self.delivered - delivered
        found = {
            "in_flight": in_flight,
            "seconds": round(spent, 3),
            "deliveries": count,
            "deliveries_per_second": round(count / spent),
            "messages_per_second": round(count / len(self.members) / spent, 1),
            "messages_per_frame": ratio(count, self.total("frames") - frames),
            "bytes_per_delivery": ratio(self.total("bytes") - read, count),
            "load_busy": round((time.process_time() - busy) / spent, 2),
        }
        tell("end", **found)
        self.drain()
        # What did not come in time is not waited for by the next run.
        self.written_off = self.sent * len(self.members) - self.delivered
        sent = (self.sent - sent_before) * len(self.members)
        tell(
            "drained",
            in_flight=in_flight,
            sent=sent,
            missing=sent - (self.delivered - delivered_before),
            refused=self.total("refused") - refused,
            **quantiles(self.timings.milliseconds),
        )


class Poller:
    """`epoll` where there is one: with thousands of sockets, `poll` is most of the work."""

    def __init__(self, fds: list[int]) -> None:
        self.epoll = hasattr(select, "epoll")
        self.object: Any = select.epoll() if self.epoll else select.poll()
        for fd in fds:
            self.add(fd)

    def add(self, fd: int) -> None:
        self.object.register(fd, select.EPOLLIN if self.epoll else select.POLLIN)

    def remove(self, fd: int) -> None:
        self.object.unregister(fd)

    def poll(self, seconds: float) -> list[int]:
        timeout = max(0.0, seconds) if self.epoll else max(0.0, seconds * 1000)
        return [fd for fd, _ in self.object.poll(timeout)]


def quantiles(latencies: list[float]) -> dict[str, float | None]:
    """Milliseconds, or None when nothing was timed."""
    ordered = sorted(latencies)
    return {
        f"p{percent}_ms": round(ordered[percent * (len(ordered) - 1) // 100], 2)
        if ordered
        else None
        for percent in (50, 99)
    }


def ratio(count: int, of: int) -> float | None:
    return round(count / of, 2) if of else None


def tell(what: str, **values: Any) -> None:
    print(json.dumps({"what": what, **values}), flush=True)


def connect(port: int, wire: Wire, tokens: list[str]) -> Load:
    timings = Timings()
    members = [
        Member(port, wire, token, timings if number % SAMPLED == 0 else None)
        for number, token in enumerate(tokens)
    ]
    return Load(members, timings)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--wire", choices=WIRES, default="ours")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=Path, help="file with a token of each member")
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[8])
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    layout.settle(layout.LOAD)
    layout.allow_many_files()
    # Nothing here makes circles; a pause to look for them would be taken for the server's.
    gc.disable()
    tokens = options.tokens.read_text().split() if options.tokens else [""] * options.members
    started = time.perf_counter()
    load = connect(options.port, WIRES[options.wire](options.room), tokens[: options.members])
    tell("open", members=len(load.members), seconds=round(time.perf_counter() - started, 3))
    for in_flight in options.in_flight:
        load.run(in_flight, options.seconds)


if __name__ == "__main__":
    try:
        main()
    except (Closed, OSError) as error:
        sys.exit(f"The load ended: {error}")
