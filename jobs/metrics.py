"""What /metrics says of jobs, read from the database at each scrape. Registered when the app is
ready. The ages are what to watch: they say whether workers and sweeper keep up."""

from collections.abc import Iterable

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from .models import Job, State
from .registry import QUEUES


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
        queued = Job.objects.filter(state=State.QUEUED).order_by()
        rows = queued.values("queue").annotate(number=Count("pk"), since=Min("queued_at"))
        found = {row["queue"]: row for row in rows}
        for queue in sorted({*QUEUES, *found}):
            row = found.get(queue)
            waiting.add_metric([queue], row["number"] if row else 0)
            age = (now - row["since"]).total_seconds() if row and row["since"] else 0.0
            oldest.add_metric([queue], max(0.0, age))
        running = GaugeMetricFamily(
            "parley_jobs_running",
            "Jobs that a worker has",
            Job.objects.filter(state=State.RUNNING).count(),
        )
        due = Job.objects.filter(state__in=[State.SCHEDULED, State.RETRYING], due_at__lte=now)
        since = due.aggregate(since=Min("due_at"))["since"]
        late = GaugeMetricFamily(
            "parley_jobs_due_late_seconds",
            "How late the most overdue scheduled or retrying job is: the sweeper's lag",
            max(0.0, (now - since).total_seconds()) if since else 0.0,
        )
        return [waiting, oldest, running, late]
