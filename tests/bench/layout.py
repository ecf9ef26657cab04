"""Who runs on which core, and what the server's processes cost.

Everything of the server has one core: web, Redis, a database that is a process. The load has
another. Processes inherit where their parent may run, so starting them inside `on(SERVER)` is
enough for all their threads and children:

    with on(SERVER), Site(parts=("web",)) as site: ...
"""

import os
import platform
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import psutil

from rooms.management.embedded_redis import find_server


def allowed() -> list[int]:
    """The cores of the whole bench, also in a load that is started from a server's core."""
    if "BENCH_CORES" not in os.environ:
        here = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
        os.environ["BENCH_CORES"] = " ".join(map(str, sorted(here)))
    return [int(core) for core in os.environ["BENCH_CORES"].split()]


CORES = allowed()
SEPARATE = len(CORES) >= 2
# Empty where a process cannot be held to a core, or where there is one core only.
SERVER = {CORES[0]} if SEPARATE else set()
LOAD = {CORES[1]} if SEPARATE else set()
# Cores for a server that is allowed several, when the load keeps one.
SPARE = set(CORES[:-1]) if SEPARATE else set()


def described() -> str:
    if SEPARATE:
        return "everything of the server on one core, the load on another"
    if len(CORES) == 1:
        return "server and load share the only core"
    return "the system places server and load on cores as it likes"


@contextmanager
def on(cores: set[int]) -> Iterator[None]:
    """What is started in here runs on these cores. Of no cores: anywhere."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def settle(cores: set[int]) -> None:
    """This process stays on these cores from here on; called by a load at its start."""
    if cores:
        os.sched_setaffinity(0, cores)


def allow_many_files() -> int:
    """As many open sockets as the system lets this process and its children have; how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def processes(roots: Iterable[int]) -> list[psutil.Process]:
    """Those with these ids and all below them."""
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(pid)
            for each in (first, *first.children(recursive=True)):
                found[each.pid] = each
    return list(found.values())


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of the trees, children that have ended included."""
    total = 0.0
    for each in processes(roots):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
    return total


def resident_bytes(roots: Iterable[int]) -> int:
    total = 0
    for each in processes(roots):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total


def machine() -> dict[str, str]:
    """What the report says of the machine. Changing keys are the sections' own business."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": f"{os.cpu_count()} ({described()})",
        "processor": processor(),
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "Python": sys.version.split()[0],
        "Redis": redis_version(),
    }


def redis_version() -> str:
    said = subprocess.run([find_server(), "--version"], capture_output=True, text=True).stdout
    found = re.search(r"v=([\d.]+)", said)
    return found[1] if found else "of unknown version"


def processor() -> str:
    with suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
