"""What the doctor finds, and what looks for it. Apps bring probes of their own by `register`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

# How long most probes may take.
PROBE_SECONDS = 5.0


class Level(IntEnum):
    """Also the command's exit code."""

    GOOD = 0
    DOUBTFUL = 1
    WRONG = 2


@dataclass(frozen=True)
class Observation:
    """`about` names it, `said` tells how it is, `todo` what to do about it."""

    level: Level
    about: str
    said: str
    todo: str = ""


def good(about: str, said: str) -> Observation:
    return Observation(Level.GOOD, about, said)


def doubtful(about: str, said: str, todo: str) -> Observation:
    return Observation(Level.DOUBTFUL, about, said, todo)


def wrong(about: str, said: str, todo: str) -> Observation:
    return Observation(Level.WRONG, about, said, todo)


@dataclass(frozen=True)
class Probe:
    """`look` runs in a thread of its own and may raise. It is not asked when one of `needs`, other
    probes by name, has found something wrong."""

    name: str
    section: str
    look: Callable[[], Iterable[Observation]]
    seconds: float = PROBE_SECONDS
    needs: tuple[str, ...] = ()


_probes: dict[str, Probe] = {}


def register(*probes: Probe) -> None:
    for probe in probes:
        if probe.name in _probes:
            raise ValueError(f"the probe {probe.name!r} is registered twice")
        _probes[probe.name] = probe


def registered() -> list[Probe]:
    return list(_probes.values())
