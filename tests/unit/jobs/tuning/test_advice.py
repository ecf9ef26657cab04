"""Which workers are advised for which jobs and machines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.tuning.advice import Advice, KindFacts, Machine, WorkerAdvice, advise, connections
from jobs.tuning.facts import peak

QUEUES = ("interactive", "default", "bulk")
DAY = 24 * 3600.0
MACHINE = Machine(cores=4, memory_mb=8_000, database="postgresql", connections=100)
EXPORT = KindFacts("room.export", "bulk", ended=50, busy=2_000, p50=30, p95=90, peak=2)
REPORT = KindFacts("room.report", "interactive", ended=900, busy=90, p50=0.1, p95=0.3, peak=1)
FETCH = KindFacts(
    "web.fetch", "default", ended=5_000, busy=9_000, p50=1, p95=5, peak=150, is_coroutine=True
)


def of(*kinds: KindFacts, machine: Machine = MACHINE) -> Advice:
    return advise(machine, kinds, QUEUES, DAY)


def told(advice: Advice) -> list[tuple[tuple[str, ...], str, int]]:
    return [(worker.queues, worker.pool, worker.concurrency) for worker in advice.workers]


def test_without_a_history_there_is_a_process_for_each_core() -> None:
    advice = of()
    assert told(advice) == [(QUEUES, "prefork", 4)]
    assert "no job ended" in advice.workers[0].reasons[0]


def test_short_jobs_get_a_worker_of_their_own_beside_long_ones() -> None:
    advice = of(EXPORT, REPORT)
    assert told(advice) == [(("interactive",), "prefork", 2), (("default", "bulk"), "prefork", 3)]
    assert "of its own" in advice.workers[0].reasons[-1]
    assert told(of(replace(EXPORT, p95=2), REPORT)) == [(QUEUES, "prefork", 4)]


def test_a_queue_of_coroutines_gets_threads_and_others_keep_processes() -> None:
    advice = of(FETCH, EXPORT)
    assert told(advice) == [(("default",), "threads", 188), (("interactive", "bulk"), "prefork", 3)]
    assert advice.workers[0].command == (
        "celery -A config worker --without-gossip --without-mingle -n default@%h -Q default"
        " --pool=threads -c 188"
    )


def test_what_needs_a_process_keeps_its_queue_from_threads() -> None:
    model = KindFacts("ml.train", "default", 0, 0, 0, 0, 0, needs_process=True)
    advice = of(FETCH, model)
    assert told(advice) == [(QUEUES, "prefork", 4)]
    assert any("web.fetch would run by the hundred on threads" in note for note in advice.notes)


@pytest.mark.parametrize(
    ("machine", "most"),
    [
        (replace(MACHINE, cores=64, database="sqlite", connections=None), 4),
        (replace(MACHINE, cores=64, memory_mb=1_000), 4),
        (replace(MACHINE, cores=64, connections=20, connections_of_others=8), 4),
        (replace(MACHINE, cores=64, memory_mb=100, connections=3, connections_of_others=3), 2),
    ],
)
def test_memory_and_the_database_bound_the_processes(machine: Machine, most: int) -> None:
    busy = replace(EXPORT, peak=40)
    workers = of(busy, REPORT, machine=machine).workers
    assert sum(worker.concurrency for worker in workers) == most
    assert all(worker.concurrency >= 1 for worker in workers)
    assert any("fewer than wanted" in worker.reasons[-1] for worker in workers)


def test_too_small_a_machine_and_too_few_connections_are_said() -> None:
    heavy = replace(EXPORT, busy=3.5 * DAY)
    assert any("too small" in note for note in of(heavy).notes)
    few = replace(MACHINE, connections=10, connections_of_others=6)
    assert any("raise max_connections" in note for note in of(FETCH, machine=few).notes)
    assert any("not kept" in each for each in of(heavy).unknown)


def test_connections_of_workers_with_their_sweepers() -> None:
    workers = [
        WorkerAdvice(("bulk",), "prefork", 4, ()),
        WorkerAdvice(("default",), "threads", 200, ()),
    ]
    assert connections(workers, MACHINE) == 4 * 3 + 1 + 16 + 2


def test_the_peak_is_of_those_that_ran_together() -> None:
    at = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=each) for each in range(5)]
    assert peak([(at[0], at[1]), (at[1], at[2]), (at[2], at[3])]) == 1
    assert peak([(at[0], at[3]), (at[1], at[4]), (at[2], at[4])]) == 3
    assert (peak([]), peak([(at[0], at[0])])) == (0, 1)
