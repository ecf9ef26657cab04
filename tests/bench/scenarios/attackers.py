"""Everything that misbehaving clients do, at once, from a few addresses.

    ask("attack", targets={…})          all of them begin; see `attacks` for who does what
    ask("rest", seconds=45)             they go on
    ask("stop")                         all of them are gone; how often each did what it does

Each is as fast as the server lets it be, and comes back at once when it is closed.
"""

import random
import select
import time
from collections import Counter
from typing import Any

from .loader import Talk, Words
from .sockets import BUFFER, CLOSED, CONNECTING, OPEN, READ, VIEW, WRITE, Socket, Sockets

GONE = select.EPOLLHUP | select.EPOLLERR

# What comes back at once would be all that this process does.
COME_BACK_SECONDS = 0.02
# As much as one of them writes in a turn; the others have theirs.
CHUNK = 64 * 1024


class Target:
    """Whom an address attacks as: the accounts that it has, and where they are."""

    def __init__(self, source: str, accounts: list[dict[str, str]], rooms: list[str]) -> None:
        self.source = source
        # Each with the headers `Authorization` and `Cookie`.
        self.accounts = accounts
        self.rooms = rooms


class Attacker:
    """What the two kinds have in common. `count` of them come from each address."""

    count = 1
    again = COME_BACK_SECONDS
    target: Target
    done: Counter[str]
    account: dict[str, str]
    over = False

    def aim(self, target: Target, number: int, done: Counter[str]) -> None:
        self.target, self.number, self.done = target, number, done
        self.source = target.source
        self.account = target.accounts[number % len(target.accounts)]
        self.aimed()

    def aimed(self) -> None:
        """What it does is up to it from here on."""

    def did(self) -> None:
        self.done[type(self).__name__] += 1

    def on_events(self: Any, events: int) -> None:
        if events & GONE and self.state != CONNECTING:
            # Also when it does not read: it would be told again at once, for ever.
            self._end(0)
        else:
            Socket.on_events(self, events)

    def come(self: Any) -> None:
        if not self.over:
            self.all.connect(self)

    def closed(self: Any, code: int) -> None:
        self.done[f"{type(self).__name__} closed"] += 1
        if not self.over:
            self.all.later(self.again * (0.5 + random.random()), self.come)


class Bare(Attacker, Socket):
    """A connection that says `first` and, when it may write, what `more` says."""

    def first(self) -> bytes:
        return b""

    def more(self) -> bytes:
        """Asked for as long as it is not empty."""
        return b""

    def came(self, data: bytes) -> None:
        """The server says something."""

    def _handshake(self) -> bytes:
        self.state = OPEN
        self.did()
        return self.first()

    def on_events(self, events: int) -> None:
        super().on_events(events)
        if self.state == OPEN and not self._out and events & WRITE:
            self._write(self.more())

    def _watch_if_changed(self) -> None:
        # Who always has more to say waits to write.
        wants = bool(self._out) or self.endless
        if wants != self._waits_to_write:
            self._waits_to_write = wants
            self.all.watch(self, (READ if self.reading else 0) | (WRITE if wants else 0))

    endless = False

    def _read(self) -> None:
        try:
            count = self.socket.recv_into(BUFFER)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if not count:
            self._end(0)
            return
        self.came(bytes(VIEW[:count]))


class Requests(Bare):
    """One request after the other on a connection that is kept."""

    def request(self) -> bytes:
        return b""

    def first(self) -> bytes:
        self.answer = b""
        return self.request()

    def came(self, data: bytes) -> None:
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        if b"content-length: " in lower:
            length = int(lower.partition(b"content-length: ")[2].split(b"\r\n")[0])
            whole = len(body) >= length
        else:
            whole = b"chunked" not in lower or body.endswith(b"0\r\n\r\n")
        if whole:
            self.done[f"{type(self).__name__} {head[9:12].decode()}"] += 1
            self.answer = b""
            if self.state == OPEN:
                self.did()
                self._write(self.request())


class Trickle(Bare):
    """Says its beginning, and then a byte every other second."""

    every = 2.0
    byte = b"x"

    def _handshake(self) -> bytes:
        began = self.began
        self.all.later(self.every, lambda: self.drip(began))
        return super()._handshake()

    def drip(self, began: float) -> None:
        if self.state == OPEN and self.began == began:
            self._write(self.byte)
            self.all.later(self.every, lambda: self.drip(began))


class WebSocket(Attacker, Socket):
    """Somebody who has an account, and floods."""

    # So many messages at a time, so often.
    burst, every = 1, 0.02

    def aimed(self) -> None:
        self.headers = {"Authorization": self.account["Authorization"]}

    def opened(self) -> None:
        self.did()
        self.begin()
        self.flood(self.began)

    def begin(self) -> None:
        """Once, when it is open."""

    def act(self) -> None:
        """Again and again."""

    def flood(self, began: float) -> None:
        if self.state == OPEN and self.began == began:
            # Who is not read from waits: all that it may do is to fill the server's buffers.
            if len(self._out) < CHUNK:
                for _ in range(self.burst):
                    self.act()
            self.all.later(self.every, lambda: self.flood(began))


class Gang:
    """All attackers of this process."""

    def __init__(self, plan: Words) -> None:
        self.sockets = Sockets(plan["port"])
        self.targets = [Target(**each) for each in plan["targets"]]
        self.only = plan.get("only") or []
        self.share = plan.get("share", 1.0)
        self.everybody: list[Any] = []
        self.done: Counter[str] = Counter()

    def attack(self) -> Words:
        from .attacks import ATTACKS

        self.done.clear()
        for kind in ATTACKS:
            if self.only and kind.__name__ not in self.only:
                continue
            for target in self.targets:
                for number in range(max(1, round(kind.count * self.share))):
                    each = kind()
                    each.all = self.sockets
                    each.aim(target, number, self.done)
                    self.everybody.append(each)
                    # Within the first second, not all in one moment.
                    self.sockets.later(random.random(), each.come)
        return {"attackers": len(self.everybody)}

    def rest(self, seconds: float) -> Words:
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.sockets.turn(min(left, 0.05))
        return {}

    def stop(self) -> Words:
        for each in self.everybody:
            each.over = True
            if each.state != CLOSED:
                each.vanish()
        self.everybody.clear()
        return {"done": dict(sorted(self.done.items()))}


def load(plan: Words, talk: Talk) -> None:
    talk.serve(Gang(plan))
