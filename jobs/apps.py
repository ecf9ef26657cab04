"""The app: finds kinds, and gives rooms its commands, events and pages."""

from django.apps import AppConfig
from django.conf import settings


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from rooms import health, slices
        from rooms.core import rules
        from rooms.database.calls import with_connection
        from rooms.metrics import view as metrics_view

        # `tasks` brings the ring: every process that submits jobs rings.
        # `outbox` and `parts` hear of ends.
        from . import checks, hearing, metrics, policy, registry, slice, tasks  # noqa: F401
        from .lifecycle import parts  # noqa: F401
        from .webhooks import outbox  # noqa: F401

        rules.roomless_file_permissions.add(policy.SEE)
        registry.autodiscover(settings.PARLEY_KINDS)
        slices.register(slice.SLICE)
        metrics_view.register(metrics.Jobs())

        def workers() -> str | None:
            return with_connection(lambda: hearing.check(tasks.send_canaries))

        health.register("workers", workers, deep=True)
