"""Which workers a machine should run for the jobs that it was measured to have. Pure.

Queues are what workers can be told apart by, so that the advice is by queue: one in which only
coroutines ran gets threads, all others processes. Slots follow from how many jobs ran at once; the
processor, the memory and the database bound them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor

INTERACTIVE = "interactive"
# Slots for each job that ran at once at the peak.
SPARE = 1.25
# A long job of another queue lets short ones wait for so long before they get a worker of their
# own. Seconds.
LONG_SECONDS = 10.0
# What a process of the default pool takes before its jobs need anything.
PROCESS_MB = 120
# Of the machine, for workers: the rest is for web processes, the database and the system.
MEMORY_SHARE = 0.5
THREADS_AT_LEAST, THREADS_AT_MOST = 20, 400
# Connections to PostgreSQL that a process takes at once. Threads take one each, up to the pool.
PROCESS_CONNECTIONS = 3
# SQLite has one writer at a time: more processes wait for each other.
SQLITE_PROCESSES = 4


@dataclass(frozen=True)
class KindFacts:
    """What was measured of a kind. Times in seconds; `busy`: the sum of them; `peak`: how many ran
    at once at most. One that has to have a process is told of though none ended."""

    name: str
    queue: str
    ended: int
    busy: float
    p50: float
    p95: float
    peak: int
    is_coroutine: bool = False
    needs_process: bool = False


@dataclass(frozen=True)
class Machine:
    """`connections`: how many PostgreSQL has, and how many of them others than workers hold now,
    as far as one can tell; None where there is no such number."""

    cores: int
    memory_mb: int
    database: str
    connections: int | None = None
    connections_of_others: int = 0
    pool_max: int = 16


@dataclass(frozen=True)
class WorkerAdvice:
    queues: tuple[str, ...]
    pool: str
    concurrency: int
    reasons: tuple[str, ...]

    @property
    def command(self) -> str:
        pool = "" if self.pool == "prefork" else f" --pool={self.pool}"
        name = f"{'-'.join(self.queues)}@%h"
        return (
            f"celery -A config worker --without-gossip --without-mingle -n {name}"
            f" -Q {','.join(self.queues)}{pool} -c {self.concurrency}"
        )


@dataclass
class Advice:
    """`notes`: what else there is to be said; `unknown`: what the advice had to do without."""

    workers: list[WorkerAdvice] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def advise(
    machine: Machine, kinds: Sequence[KindFacts], queues: Sequence[str], span: float
) -> Advice:
    """For jobs of `span` seconds. `queues`: all there are, the most urgent one first."""
    advice = Advice(unknown=[_ABOUT_PROCESSOR])
    most = _most_processes(machine)
    if not any(kind.ended for kind in kinds):
        reason = f"no job ended in the measured time: a process for each core ({machine.cores})"
        count = min(machine.cores, most)
        advice.workers.append(WorkerAdvice(tuple(queues), "prefork", count, (reason,)))
        advice.notes.append("Run it again when a usual day has passed.")
        return advice
    for group in _groups(kinds, queues):
        advice.workers.append(_worker(group, kinds, machine))
    advice.workers = _within(most, advice.workers)
    advice.notes += _notes(advice.workers, machine, kinds, span)
    return advice


_ABOUT_PROCESSOR = (
    "Processor time of jobs is not kept: a coroutine is taken for one that waits, a plain function"
    " for one that computes."
)


def _groups(kinds: Sequence[KindFacts], queues: Sequence[str]) -> list[tuple[str, ...]]:
    """Queues that share a worker."""
    waiting = [queue for queue in queues if _only_waits(kinds, queue)]
    others = [queue for queue in queues if queue not in waiting]
    groups: list[tuple[str, ...]] = [(queue,) for queue in waiting]
    long = any(kind.p95 > LONG_SECONDS for kind in kinds if kind.queue in others[1:])
    urgent = INTERACTIVE in others and any(
        kind.queue == INTERACTIVE and kind.ended for kind in kinds
    )
    if urgent and long:
        groups.append((INTERACTIVE,))
        others.remove(INTERACTIVE)
    if others:
        groups.append(tuple(others))
    return groups


def _only_waits(kinds: Sequence[KindFacts], queue: str) -> bool:
    here = [kind for kind in kinds if kind.queue == queue]
    return bool(here) and all(kind.is_coroutine and not kind.needs_process for kind in here)


def _worker(queues: tuple[str, ...], kinds: Sequence[KindFacts], machine: Machine) -> WorkerAdvice:
    here = [kind for kind in kinds if kind.queue in queues and kind.ended]
    here.sort(key=lambda kind: -kind.busy)
    peak = sum(kind.peak for kind in here)
    wanted = max(1, ceil(peak * SPARE))
    reasons = [_described(kind) for kind in here[:5]]
    if _only_waits(kinds, queues[0]):
        count = min(THREADS_AT_MOST, max(THREADS_AT_LEAST, wanted))
        reasons.append(f"only coroutines, which wait: threads are cheap, {peak} ran at once")
        return WorkerAdvice(queues, "threads", count, tuple(reasons))
    count = min(wanted, machine.cores)
    if not here:
        reasons.append("nothing ended in these queues: one process, so that something is there")
    elif wanted > machine.cores:
        reasons.append(
            f"{peak} ran at once, and more processes than cores ({machine.cores}) take turns"
        )
    else:
        reasons.append(f"{peak} ran at once at the most, and a quarter to spare")
    if INTERACTIVE in queues and len(queues) == 1:
        reasons.append("of its own, as jobs of the other queues take long")
    return WorkerAdvice(queues, "prefork", count, tuple(reasons))


def _described(kind: KindFacts) -> str:
    what = "coroutine" if kind.is_coroutine else "function"
    if kind.needs_process:
        what += ", needs a process"
    return (
        f"{kind.name} ({what}): {kind.ended} ended, half within {_seconds(kind.p50)},"
        f" 95 of 100 within {_seconds(kind.p95)}, {kind.peak} at once"
    )


def _most_processes(machine: Machine) -> int:
    """Of all workers together."""
    most = max(1, floor(machine.memory_mb * MEMORY_SHARE / PROCESS_MB))
    if machine.database == "sqlite":
        return min(most, SQLITE_PROCESSES)
    if machine.connections is not None:
        free = machine.connections - machine.connections_of_others
        most = min(most, max(1, free // PROCESS_CONNECTIONS))
    return most


def _within(most: int, workers: list[WorkerAdvice]) -> list[WorkerAdvice]:
    """Fewer processes, where the machine or its database has no room for them; the largest worker
    gives first, and each keeps one."""
    counts = [worker.concurrency if worker.pool == "prefork" else 0 for worker in workers]
    while sum(counts) > most and max(counts) > 1:
        counts[counts.index(max(counts))] -= 1
    fewer = "fewer than wanted: memory or the database has no room for more"
    return [
        WorkerAdvice(worker.queues, worker.pool, count, (*worker.reasons, fewer))
        if count and count < worker.concurrency
        else worker
        for worker, count in zip(workers, counts, strict=True)
    ]


def connections(workers: Sequence[WorkerAdvice], machine: Machine) -> int:
    """That these workers may take at once, each with its sweeper."""
    total = 0
    for worker in workers:
        if worker.pool == "prefork":
            total += worker.concurrency * PROCESS_CONNECTIONS + 1
        else:
            total += min(worker.concurrency, machine.pool_max) + 2
    return total


def _notes(
    workers: Sequence[WorkerAdvice], machine: Machine, kinds: Sequence[KindFacts], span: float
) -> list[str]:
    notes = []
    busy = sum(kind.busy for kind in kinds if not kind.is_coroutine)
    load = busy / span
    notes.append(f"Functions kept {load:.2f} processes busy on average, of {machine.cores} cores.")
    if load > 0.7 * machine.cores:
        notes.append("If they compute, this machine is too small: run workers on another one, too.")
    for queue in sorted({kind.queue for kind in kinds}):
        here = [kind for kind in kinds if kind.queue == queue]
        waits = [kind.name for kind in here if kind.is_coroutine and not kind.needs_process]
        if waits and not _only_waits(kinds, queue):
            notes.append(
                f"{', '.join(waits)} would run by the hundred on threads, in a queue without"
                f" functions; {queue} has some."
            )
    if machine.database == "sqlite":
        notes.append(
            f"SQLite has one writer at a time: at most {SQLITE_PROCESSES} processes. PostgreSQL has"
            " no such bound."
        )
    elif machine.connections is not None:
        wanted = connections(workers, machine)
        free = machine.connections - machine.connections_of_others
        text = (
            f"These workers take up to {wanted} connections; PostgreSQL has"
            f" {machine.connections}, of which others hold {machine.connections_of_others} now."
        )
        notes.append(text + (" That is too few: raise max_connections." if wanted > free else ""))
    return notes


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
