"""Lets all probes look, each in a thread of its own and for its time: one that fails or hangs stops
no other."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from django.db import connections

from rooms.database import trouble

from .findings import Level, Observation, Probe, doubtful, wrong

# Shown of an error's text.
MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Examined:
    """A probe and what it has found."""

    probe: Probe
    findings: list[Observation]
    # It was not asked: what it needs is wrong.
    hindered: bool = False

    @property
    def level(self) -> Level:
        return worst(self.findings)


def worst(findings: Sequence[Observation]) -> Level:
    return max((each.level for each in findings), default=Level.GOOD)


def examine(probes: Sequence[Probe]) -> list[Examined]:
    """In the order given. Those that need others look after them; all others at once."""
    known = {probe.name for probe in probes}
    done: dict[str, Examined] = {}
    left = list(probes)
    while left:
        ready = [each for each in left if not (set(each.needs) & known) - set(done)]
        if not ready:
            raise ValueError(f"probes need each other: {[each.name for each in left]}")
        hindered = {each.name: _hindrance(each, done) for each in ready}
        looking = [each for each in ready if hindered[each.name] is None]
        found = _look(looking)
        for probe in ready:
            why = hindered[probe.name]
            findings = found[probe.name] if why is None else [why]
            done[probe.name] = Examined(probe, findings, hindered=why is not None)
        left = [each for each in left if each.name not in done]
    return [done[probe.name] for probe in probes]


def _hindrance(probe: Probe, done: dict[str, Examined]) -> Observation | None:
    for name in probe.needs:
        if name in done and (done[name].level is Level.WRONG or done[name].hindered):
            todo = f"See to {name} first."
            what = "was not looked at either" if done[name].hindered else "is wrong"
            return doubtful(probe.name, f"not looked at: {name} {what}", todo)
    return None


def _look(probes: Sequence[Probe]) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    began = monotonic()
    threads = [
        threading.Thread(target=_ask, args=(probe, found.__setitem__), daemon=True)
        for probe in probes
    ]
    for thread in threads:
        thread.start()
    for probe, thread in zip(probes, threads, strict=True):
        thread.join(max(0.0, began + probe.seconds - monotonic()))
    # What comes later is not read any more.
    said = dict(found)
    return {probe.name: said.get(probe.name, [_silent(probe)]) for probe in probes}


def _silent(probe: Probe) -> Observation:
    said = f"no answer within {probe.seconds:g} seconds"
    return wrong(
        probe.name, said, "Find out what keeps it: the network, a firewall, a full server."
    )


def _ask(probe: Probe, tell: Callable[[str, list[Observation]], None]) -> None:
    try:
        findings = list(probe.look())
    except Exception as error:
        text = trouble.reason(error) or " ".join(str(error).split())
        said = f"could not be looked at: {type(error).__name__}: {text}"[:MOST_CHARACTERS]
        findings = [wrong(probe.name, said, "The error says why.")]
    finally:
        connections.close_all()
    tell(probe.name, findings)
