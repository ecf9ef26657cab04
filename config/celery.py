"""The Celery application. What a job is lives in `jobs`; the transport's settings in `settings`.

`celery -A config worker` consumes all three queues; `-Q bulk` and so on split them over workers.
"""

import os
import sys
from typing import Any

import django
from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_ready
from kombu import Queue
from kombu.transport.virtual import QoS

from jobs.registry import QUEUES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Workers talk to each other through what a flush of Redis takes away, and need nothing of it.
os.environ.setdefault("CELERY_WORKER_WITHOUT_GOSSIP", "1")
os.environ.setdefault("CELERY_WORKER_WITHOUT_MINGLE", "1")

# Nor are messages put back when a connection ends: whoever needs one is rung for again.
QoS.restore_at_shutdown = False

app = Celery("parley")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery publishes to the queue itself, by its name: a flush of Redis takes no binding away.
app.conf.task_queues = [Queue(name, routing_key=name, max_priority=9) for name in QUEUES]
app.autodiscover_tasks()


@setup_logging.connect
def _keep_djangos_logging(**_: Any) -> None:
    """Celery leaves logging alone when somebody has taken it over."""


@worker_init.connect
@beat_init.connect
def _require_migrations(**_: Any) -> None:
    """A worker that meets a database of another version would fail one job after the other."""
    django.setup()
    from rooms.core import migrations

    if names := migrations.pending_before_fork():
        # Celery would swallow any other exception.
        sys.exit(f"Run `manage.py migrate` first: {migrations.described(names)}")


@worker_ready.connect
def _say_so(**_: Any) -> None:
    """Whatever the log level: `manage.py up` waits for this line."""
    print("The worker is ready.", flush=True)
