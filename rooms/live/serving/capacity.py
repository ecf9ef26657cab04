"""How many connections a web process takes, by the descriptors that it may open. Pure but for
`raise_descriptor_limit`.

What is inside needs descriptors as well: the database, Redis, files. Were all of them spent on
connections, nobody could send or read any more. So some are never given to connections.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

# The process itself: its log, event loop, listening socket, Redis, pools, what it serves.
OWN_DESCRIPTORS = 64
# A connection that is not let in asks for something, in a thread of its own: its socket and what
# a connection to SQLite has open.
DESCRIPTORS_PER_GUEST = 4
# Guests get one part in this many of what is left after the process's own.
GUEST_DIVISOR = 2


@dataclass(frozen=True)
class Capacity:
    """`sockets` are WebSockets of people who are let in, `guests` all other connections."""

    sockets: int
    guests: int

    @property
    def connections(self) -> int:
        return self.sockets + self.guests


def wanted_descriptors(sockets: int, guests: int) -> int:
    return OWN_DESCRIPTORS + sockets + DESCRIPTORS_PER_GUEST * guests


def capacity(descriptors: int, sockets: int, guests: int) -> Capacity:
    """How much of what is wanted fits into `descriptors`."""
    left = max(0, descriptors - OWN_DESCRIPTORS)
    guests = max(1, min(guests, left // (GUEST_DIVISOR * DESCRIPTORS_PER_GUEST)))
    return Capacity(max(1, min(sockets, left - DESCRIPTORS_PER_GUEST * guests)), guests)


def raise_descriptor_limit(wanted: int) -> int:
    """Raise the soft limit of open files to what is wanted, as far as the hard one lets us; how
    many may be open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted if soft == resource.RLIM_INFINITY else soft
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    except (OSError, ValueError):
        # macOS has a bound of its own below the hard limit.
        return soft
    return target
