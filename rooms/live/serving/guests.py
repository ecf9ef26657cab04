"""Connections that are not let in: how many there may be, in all and of one network, and which of
them goes when there are too many. Pure.

A guest waits for the bytes of a request, or is being answered. When a bound is reached, the one
that has waited longest makes way for the newest: half requests that are never finished hold up
nobody, and a connection that was kept alive for the next request is opened again when it is
missed. Only when all of them are being answered is the newest turned away.

Used by `door`, one a process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

G = TypeVar("G", bound=Hashable)


class Guests(Generic[G]):
    """`most` in all, `most_of_one` of one network. A network of "" is not counted by itself: it
    stands for a proxy of ours."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._network: dict[G, str] = {}
        self._of: Counter[str] = Counter()
        # Those who wait, longest first.
        self._waiting: dict[G, None] = {}
        self._waiting_of: dict[str, dict[G, None]] = {}

    def __len__(self) -> int:
        return len(self._network)

    def __contains__(self, guest: G) -> bool:
        return guest in self._network

    def arrive(self, guest: G, network: str) -> G | None:
        """A connection is here, and waits. Who has to go for it, if anybody: perhaps itself. They
        are forgotten by this."""
        self._network[guest] = network
        self._of[network] += 1
        goes = None
        if network and self._of[network] > self._most_of_one:
            goes = next(iter(self._waiting_of.get(network, ())), guest)
        elif len(self._network) > self._most:
            goes = next(iter(self._waiting), guest)
        self.wait(guest)
        if goes is not None:
            self.leave(goes)
        return goes

    @property
    def anybody_waits(self) -> bool:
        return bool(self._waiting)

    def waiting(self) -> list[G]:
        """Longest first."""
        return list(self._waiting)

    def one_that_waits(self) -> G | None:
        """Who has waited longest, and is forgotten by this."""
        goes = next(iter(self._waiting), None)
        if goes is not None:
            self.leave(goes)
        return goes

    def wait(self, guest: G) -> None:
        """It is to say something, from now on."""
        network = self._network.get(guest)
        if network is not None:
            self._waiting[guest] = None
            self._waiting_of.setdefault(network, {})[guest] = None

    def answered(self, guest: G) -> None:
        """It has said all, and is being answered."""
        if guest in self._waiting:
            del self._waiting[guest]
            network = self._network[guest]
            del self._waiting_of[network][guest]
            if not self._waiting_of[network]:
                del self._waiting_of[network]

    def leave(self, guest: G) -> None:
        """It has gone, or was let in. Once is enough."""
        if guest not in self._network:
            return
        self.answered(guest)
        network = self._network.pop(guest)
        self._of[network] -= 1
        if not self._of[network]:
            del self._of[network]
