"""What /metrics says of jobs, read from the database at each scrape. Registered when the app is
ready. The ages are what to watch: they say whether workers and sweeper keep up."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from . import hearing, overview, registry


class Jobs(Collector):
    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked before the first scrape."""
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        now = timezone.now()
        waiting = GaugeMetricFamily(
            "parley_jobs_queued", "Jobs that wait for a worker", labels=["queue"]
        )
        oldest = GaugeMetricFamily(
            "parley_jobs_queued_oldest_seconds",
            "How long the oldest queued job that is not paused has waited for a worker",
            labels=["queue"],
        )
        paused = GaugeMetricFamily(
            "parley_jobs_queued_paused",
            "Queued jobs that wait because their queue or kind is paused",
            labels=["queue"],
        )
        for queue in overview.queues():
            paused.add_metric([queue.name], queue.paused)
            waiting.add_metric([queue.name], queue.waiting)
            age = (now - queue.since).total_seconds() if queue.since else 0.0
            oldest.add_metric([queue.name], max(0.0, age))
        running = GaugeMetricFamily(
            "parley_jobs_running", "Jobs that a worker has", overview.running()
        )
        asking = GaugeMetricFamily(
            "parley_jobs_waiting", "Jobs that wait for an answer", overview.waiting()
        )
        since = overview.due_since(now)
        late = GaugeMetricFamily(
            "parley_jobs_due_late_seconds",
            "How late the most overdue scheduled or retrying job is: the sweeper's lag",
            max(0.0, (now - since).total_seconds()) if since else 0.0,
        )
        pauses = GaugeMetricFamily(
            "parley_job_pauses", "Queues and kinds that are paused", labels=["target", "name"]
        )
        for target, name in overview.paused():
            pauses.add_metric([target, name], 1)
        return [waiting, paused, pauses, oldest, running, asking, late, *_workers(now), _ended(now)]


def _workers(now: datetime) -> list[GaugeMetricFamily]:
    processes = GaugeMetricFamily(
        "parley_job_workers",
        "Processes that run jobs and have renewed their lease",
        labels=["pool"],
    )
    slots = GaugeMetricFamily(
        "parley_job_slots", "Jobs that these processes can run at once", labels=["pool"]
    )
    workers = overview.workers(now)
    for pool in sorted({each.row.pool for each in workers} or {""}):
        of_pool = [each.row for each in workers if each.row.pool == pool]
        processes.add_metric([pool], len(of_pool))
        slots.add_metric([pool], sum(row.capacity for row in of_pool))
    deaf = GaugeMetricFamily(
        "parley_job_workers_deaf",
        "Workers that renew their lease, have a free slot, and take no message from the queue",
        labels=["queue"],
    )
    numbers = Counter(ear.queue for ear in hearing.deaf(workers))
    for queue in sorted({*registry.QUEUES, *numbers}):
        deaf.add_metric([queue], numbers[queue])
    return [processes, slots, deaf]


def _ended(now: datetime) -> GaugeMetricFamily:
    """Of an hour, by the index of ends: a count of all there ever were would walk the history, and
    a counter of this process would know nothing of the workers."""
    ended = GaugeMetricFamily(
        "parley_jobs_ended_last_hour",
        "Jobs that ended within the last hour",
        labels=["kind", "state"],
    )
    numbers = overview.totals(overview.ended(now, overview.HOUR))
    for (kind, state), number in numbers.items():
        ended.add_metric([kind, state], number)
    return ended
