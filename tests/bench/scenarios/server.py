"""The server of a scenario, started for it alone on the server's core, and its load."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import psutil

from tests.bench import layout
from tests.bench.driver import LoadFailed
from tests.support.site import Site

from .loader import Loader, Words

MEGABYTE = 1e6


@contextmanager
def serving(
    env: Mapping[str, str] | None = None,
    processes: int = 1,
    cores: set[int] | None = None,
    parts: tuple[str, ...] = ("web",),
) -> Iterator[Site]:
    """Redis, database and web server, on one core unless others are named."""
    layout.allow_many_files()
    with ExitStack() as until_the_end:
        with layout.on(layout.SERVER if cores is None else cores):
            site = Site(env, parts=parts, processes=processes)
            until_the_end.enter_context(site)
        yield site


def talkers(port: int, nice: int = 0, **plan: Any) -> Loader:
    """The load of `talking`, on the load's core."""
    return Loader("tests.bench.scenarios.talking", {"port": port, **plan}, nice)


def memory(site: Site) -> dict[str, float]:
    """Of the web processes, in bytes: resident, proportional, and what is theirs alone."""
    total = {"rss": 0.0, "pss": 0.0, "uss": 0.0}
    for process in site.web.tree():
        with suppress(psutil.NoSuchProcess):
            full = process.memory_full_info()
            for name in total:
                total[name] += getattr(full, name)
    return total


def counted(site: Site, name: str) -> float | None:
    """A metric of the server, summed over its labels; None where it is not told."""
    try:
        answer = httpx.get(f"{site.url}/metrics", timeout=10, trust_env=False)
    except httpx.HTTPError:
        return None
    if answer.status_code != 200:
        return None
    values = [
        float(line.rpartition(" ")[2])
        for line in answer.text.splitlines()
        if line.partition("{")[0].partition(" ")[0] == name
    ]
    return sum(values) if values else None


def sound(what: str, found: Words) -> Words:
    """A measure in which something was refused, missing or doubled is none."""
    if found["wrong"] or found["refused"] or not found["samples"]:
        raise LoadFailed(
            f"{what}: wrong order {found['wrong']}, refused {found['refused']}, "
            f"{found['samples']} latencies taken"
        )
    return found
