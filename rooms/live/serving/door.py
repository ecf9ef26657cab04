"""Everybody who connects to this process comes by here: connections are counted, in all and by
network, and accepting pauses before the descriptors run out. One a server; `http_channel` and
`websocket` say what becomes of each connection.

Without proxies in front, a network is that of the other end. With proxies of our own
(`settings.TRUSTED_PROXIES`) all connections are theirs and are not counted by network; what can be
counted by its client, failed credentials, is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from rooms.core.credentials import bearer
from rooms.http import cookies as cookies_of
from rooms.http.client_address import client_address, network_of
from rooms.limits import limits
from rooms.live.metrics import names as metrics

from .capacity import Capacity
from .failures import Failures
from .guests import Guests
from .turnstile import Turnstile

logger = logging.getLogger(__name__)

# Each socket costs some queries and a greeting: a person may open all that they may have this many
# times at once, and again in this many seconds.
COMING_BACK_TIMES, COMING_BACK_SECONDS = 5, 10.0
# Credentials that were right and are remembered.
MOST_KNOWN_CREDENTIALS = 20_000
# Log lines about one network that is turned away.
LOG_AGAIN_SECONDS = 60.0


@dataclass(frozen=True)
class Visitor:
    """A connection that has become a socket: its channel, under which it is counted, the network of
    its client, and what it brought to prove who it is."""

    channel: Any
    network: str
    authorization: str
    cookies: str

    def let_in(self, user_id: int) -> None:
        self.channel.door.let_in(self.channel)
        self.channel.door.was_right(self.authorization, self.cookies, user_id)

    def was_wrong(self) -> None:
        self.channel.door.was_wrong(self.network)

    def gone(self) -> None:
        self.channel.gone()
        # The handshake's request is never finished, and knows its channel.
        self.channel.requests.clear()


class Door:
    """`pause` and `resume` stop and start accepting. Connections are told apart by their HTTP
    channel, also after they have become sockets."""

    def __init__(
        self, capacity: Capacity, pause: Callable[[], None], resume: Callable[[], None]
    ) -> None:
        self.capacity = capacity
        self.guests: Guests[Any] = Guests(capacity.guests, limits().guests_per_address)
        self.failures = Failures(
            limits().credential_failures_per_second, limits().credential_failures_burst
        )
        sockets = limits().connections_per_user
        self._coming_back = Failures(sockets / COMING_BACK_SECONDS, sockets * COMING_BACK_TIMES)
        self._arrivals = Failures(limits().arrivals_per_second, limits().arrivals_burst)
        self.turnstile = Turnstile(
            time.monotonic,
            _later,
            limits().requests_at_once,
            limits().requests_at_once_per_client,
            limits().request_work_per_second,
        )
        # Bytes of bodies that are coming in or are worked on.
        self.bodies = 0
        self._open = 0
        self._paused = False
        self._pause, self._resume = pause, resume
        # Whose the credentials are.
        self._known: OrderedDict[int, int] = OrderedDict()
        self._said: dict[str, float] = {}

    # Connections ---------------------------------------------------------------------------------

    def admits(self, address: str) -> bool:
        """Whether somebody from there may connect, so soon after all who have."""
        if settings.TRUSTED_PROXIES:
            return True
        network, now = network_of(address), time.monotonic()
        if self._arrivals.wait(network, now):
            metrics.TURNED_AWAY.labels("refused").inc()
            self._say(network, "connects too often")
            return False
        self._arrivals.count(network, now)
        return True

    def arrive(self, channel: Any) -> None:
        self._open += 1
        peer = peer_of(channel.transport)
        network = "" if settings.TRUSTED_PROXIES else network_of(client_address(peer, "", 0))
        goes = self.guests.arrive(channel, network)
        if goes is None and self._open > self.capacity.connections:
            goes = self.guests.one_that_waits()
        if goes is not None:
            metrics.TURNED_AWAY.labels("refused" if goes is channel else "made_way").inc()
            if goes is channel:
                self._say(network, "has all the connections that one address may have")
            goes.make_way()
        metrics.GUESTS.set(len(self.guests))
        self._look()

    def left(self, channel: Any) -> None:
        """The connection is closed."""
        self._open -= 1
        self.guests.leave(channel)
        metrics.GUESTS.set(len(self.guests))
        self._look()

    def let_in(self, channel: Any) -> None:
        """It is a socket of somebody who is known: no guest any more."""
        self.guests.leave(channel)
        metrics.GUESTS.set(len(self.guests))

    def _look(self) -> None:
        full = self._open >= self.capacity.connections
        if full and not self._paused and not self.guests.anybody_waits:
            self._paused = True
            metrics.ACCEPT_PAUSES.inc()
            logger.warning("%d connections are open: no more are accepted for now", self._open)
            self._pause()
        elif self._paused and not full:
            self._paused = False
            self._resume()

    # Credentials ---------------------------------------------------------------------------------

    def wait(self, network: str, authorization: str, cookies: str) -> float:
        """For how many seconds this client is not asked who it is; 0 when it may come."""
        wait = self.failures.wait(network, time.monotonic())
        if wait and (key := self._key(authorization, cookies)) in self._known:
            self._known.move_to_end(key)
            return 0.0
        if wait:
            self._say(network, "has tried too many wrong credentials")
        return wait

    def was_wrong(self, network: str) -> None:
        self.failures.count(network, time.monotonic())

    def wait_to_come_back(self, authorization: str, cookies: str) -> float:
        """For how many seconds the person whose credentials these are may open no further socket;
        0 when they may, and have opened one."""
        user_id = self._known.get(self._key(authorization, cookies))
        if user_id is None:
            return 0.0
        now = time.monotonic()
        wait = self._coming_back.wait(str(user_id), now)
        if not wait:
            self._coming_back.count(str(user_id), now)
        return wait

    def client(self, network: str, authorization: str, cookies: str) -> str:
        """For whom a request is worked on: a person who is known here, else a network."""
        user_id = self._known.get(self._key(authorization, cookies))
        return network if user_id is None else f"person {user_id}"

    def was_right(self, authorization: str, cookies: str, user_id: int) -> None:
        """A request with these credentials is let in also when its neighbours fail."""
        self._known[self._key(authorization, cookies)] = user_id
        if len(self._known) > MOST_KNOWN_CREDENTIALS:
            self._known.popitem(last=False)

    @staticmethod
    def _key(authorization: str, cookies: str) -> int:
        """Not the secret itself: it would stay in memory. Python's hash is another one in each
        process, and nobody can aim at it."""
        token = bearer(authorization)
        if token is not None:
            return hash((True, token))
        return hash((False, cookies_of.read(cookies).get(settings.SESSION_COOKIE_NAME)))

    def _say(self, network: str, what: str) -> None:
        now = time.monotonic()
        if now - self._said.get(network, -LOG_AGAIN_SECONDS) < LOG_AGAIN_SECONDS:
            return
        if len(self._said) >= 1000:
            self._said.clear()
        self._said[network] = now
        logger.warning(
            "%s %s. Is that a reverse proxy of yours? Then set PARLEY_TRUSTED_PROXIES.",
            network or "Somebody",
            what,
        )


def _later(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)


def peer_of(transport: Any) -> str:
    """The other end's address; "" where it has none."""
    return str(getattr(transport.getPeer(), "host", None) or "")
