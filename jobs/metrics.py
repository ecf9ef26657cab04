"""What /metrics says of jobs, read from the database at each scrape. Registered when the app is
ready. The ages are what to watch: they say whether workers and sweeper keep up."""

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from . import overview


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
            "How long the oldest queued job has waited for a worker",
            labels=["queue"],
        )
        for queue in overview.queues():
            waiting.add_metric([queue.name], queue.waiting)
            age = (now - queue.since).total_seconds() if queue.since else 0.0
            oldest.add_metric([queue.name], max(0.0, age))
        running = GaugeMetricFamily(
            "parley_jobs_running", "Jobs that a worker has", overview.running()
        )
        since = overview.due_since(now)
        late = GaugeMetricFamily(
            "parley_jobs_due_late_seconds",
            "How late the most overdue scheduled or retrying job is: the sweeper's lag",
            max(0.0, (now - since).total_seconds()) if since else 0.0,
        )
        return [waiting, oldest, running, late]
