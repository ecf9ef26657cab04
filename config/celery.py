"""The Celery application. What a job is lives in `jobs`; the transport's settings in `settings`.

`celery -A config worker` consumes all three queues; `-Q bulk` and so on split them over workers.
In Redis their names begin with the installation's, so that two of them may share one; on RabbitMQ
each has a virtual host of its own.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.loaders.app import AppLoader
from celery.signals import setup_logging, worker_ready
from kombu import Queue
from kombu.transport.virtual import QoS

from jobs.registry import QUEUES
from rooms.core.outages import Outage

logger = logging.getLogger(__name__)

MANAGE = Path(__file__).resolve().parents[1] / "manage.py"
SWEEPER_PAUSE_SECONDS = 1.0
# One that has lived for this long dies for another reason.
SWEEPER_LIVES_SECONDS = 60.0

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Workers talk to each other through what a flush of Redis takes away, and need nothing of it.
os.environ.setdefault("CELERY_WORKER_WITHOUT_GOSSIP", "1")
os.environ.setdefault("CELERY_WORKER_WITHOUT_MINGLE", "1")

# Nor are messages put back when a connection ends: the sweeper rings again for jobs that need one.
QoS.restore_at_shutdown = False

# A worker or beat waits this long for a database before it gives up.
DATABASE_WAIT_SECONDS = 60
REDIS_SCHEMES = ("redis", "rediss", "sentinel")


class ParleyCelery(Celery):
    """With a prefix for its queues that is not known before the database is."""

    def _connection(self, url: Any, transport_options: Any = None, **options: Any) -> Any:
        from rooms.core.installation import redis_prefix

        own = dict(transport_options or {})
        if str(url or self.conf.broker_url).startswith(REDIS_SCHEMES):
            own["global_keyprefix"] = f"{redis_prefix()}:jobs:"
        return super()._connection(url, transport_options=own, **options)


def _require_the_database() -> None:
    """A worker that meets a database of another version would fail one job after the other; and
    what its queues are called stands there. One that is not there yet is waited for. All of it
    before a worker forks: its children must not share the connection."""
    from django.db import Error, connections

    from rooms.core import installation
    from rooms.database import pending_migrations

    until = time.monotonic() + DATABASE_WAIT_SECONDS
    while True:
        if names := pending_migrations.pending_before_fork():
            sys.exit(f"Run `manage.py migrate` first: {pending_migrations.described(names)}")
        try:
            installation.identity()
            break
        except Error as error:
            if time.monotonic() > until:
                sys.exit(f"The database does not answer: {error}")
            time.sleep(1)
        finally:
            for connection in connections.all(initialized_only=True):
                connection.close()
                if hasattr(connection, "close_pool"):
                    connection.close_pool()


class ParleyLoader(AppLoader):
    def on_worker_init(self) -> None:
        """Before a worker or beat makes its first connection to the broker."""
        _require_the_database()


app = ParleyCelery("parley", loader="config.celery:ParleyLoader")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery publishes to the queue itself, by its name: a flush of Redis takes no binding away.
app.conf.task_queues = [Queue(name, routing_key=name, max_priority=9) for name in QUEUES]
app.autodiscover_tasks()


@setup_logging.connect
def _keep_djangos_logging(**_: Any) -> None:
    """Celery leaves logging alone when somebody has taken it over."""


class Sweeper(bootsteps.StartStopStep):
    """A sweeper beside each worker, in a process of its own: due jobs never wait for busy slots.
    It ends with the worker, however that goes, and is started again when it dies alone."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = Outage(logger, "The sweeper has ended; another one is started")

    def start(self, worker: Any) -> None:
        threading.Thread(target=self._keep, name="sweeper", daemon=True).start()

    def _keep(self) -> None:
        command = [sys.executable, str(MANAGE), "sweep", "--parent", str(os.getpid())]
        while not self._ended.is_set():
            started = time.monotonic()
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            code = self._process.wait()
            if not self._ended.wait(SWEEPER_PAUSE_SECONDS):
                if time.monotonic() - started > SWEEPER_LIVES_SECONDS:
                    self._deaths.over()
                self._deaths.failed(f"with {code}")

    def stop(self, worker: Any) -> None:
        self._ended.set()
        if self._process is not None:
            self._process.terminate()

    terminate = stop


app.steps["worker"].add(Sweeper)


@worker_ready.connect
def _say_so(**_: Any) -> None:
    """Whatever the log level: `manage.py up` waits for this line."""
    print("The worker is ready.", flush=True)
