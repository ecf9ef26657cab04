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
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import django
from celery import Celery, bootsteps
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool
from celery.loaders.app import AppLoader
from celery.signals import setup_logging, worker_init, worker_ready, worker_shutting_down
from celery.worker.consumer.delayed_delivery import DelayedDelivery
from django.apps import apps
from kombu import Queue
from kombu.transport.virtual import QoS

from jobs.registry import QUEUES, process_queue
from rooms.core.outages import Outage

from . import broker
from .watchdog import Watchdog

logger = logging.getLogger(__name__)

MANAGE = Path(__file__).resolve().parents[1] / "manage.py"
SWEEPER_PAUSE_SECONDS = 1.0
MOST_UNTOLD = 1_000
# One that has lived for this long dies for another reason.
SWEEPER_LIVES_SECONDS = 60.0

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Workers talk to each other through what a flush of Redis takes away, and need nothing of it.
os.environ.setdefault("CELERY_WORKER_WITHOUT_GOSSIP", "1")
os.environ.setdefault("CELERY_WORKER_WITHOUT_MINGLE", "1")

# Nor are messages put back when a connection ends: the sweeper rings again for jobs that need one.
QoS.restore_at_shutdown = False
broker.install()

# A worker or beat waits this long for a database before it gives up.
DATABASE_WAIT_SECONDS = 60
# Of RabbitMQ's queues: kept by most nodes of a cluster. A message is acknowledged at its job's end,
# which may be later than RabbitMQ's half hour (by queue from 3.12 on; in milliseconds).
QUORUM = {"x-queue-type": "quorum", "x-consumer-timeout": 7 * 24 * 3600 * 1000}
REDIS_SCHEMES = ("redis", "rediss", "sentinel")


class ParleyCelery(Celery):
    """With a prefix for its queues that is not known before the database is."""

    def _connection(self, url: Any, transport_options: Any = None, **options: Any) -> Any:
        if not apps.ready:
            # `celery inspect` and `celery control`, for which Celery does not see to it.
            django.setup()
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
app.conf.task_queues = [
    Queue(name, routing_key=name, queue_arguments=QUORUM)
    for name in (*QUEUES, *map(process_queue, QUEUES))
]
# Celery would declare 28 queues more for countdowns, of which there are none here.
DelayedDelivery.include_if = lambda self, consumer: False
app.autodiscover_tasks()


@worker_init.connect
def _keep_the_pool(**_: Any) -> None:
    """Around every task Celery closes the connections to the database, and in a process of the
    prefork pool the psycopg pool with its threads: another one was made for each job. To give the
    connections back is enough; what a child inherits is still closed when it begins."""
    for fixup in app._fixups:
        fixup.worker_fixup.close_database = _give_connections_back


def _give_connections_back(**_: Any) -> None:
    from django.db import close_old_connections

    close_old_connections()


@setup_logging.connect
def _keep_djangos_logging(**_: Any) -> None:
    """Celery leaves logging alone when somebody has taken it over."""


class Sweeper(bootsteps.StartStopStep):
    """A sweeper beside each worker, in a process of its own: due jobs never wait for busy slots.
    It ends with the worker, however that goes, and is started again when it dies alone. It is told
    of processes of the pool that have ended: the worker itself, which forks, keeps no connection to
    the database."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        # Processes of the pool that have ended, until the sweeper is told.
        self._untold: deque[UUID] = deque(maxlen=MOST_UNTOLD)
        self._deaths = Outage(logger, "The sweeper has ended; another one is started")

    def start(self, worker: Any) -> None:
        WatchedPool.tell = self._tell
        threading.Thread(target=self._keep, name="sweeper", daemon=True).start()

    def _keep(self) -> None:
        command = [sys.executable, str(MANAGE), "sweep", "--parent", str(os.getpid())]
        while not self._ended.is_set():
            started = time.monotonic()
            with WatchedPool.forking:
                process = subprocess.Popen(command, stdin=subprocess.PIPE)
            assert process.stdin is not None
            os.set_blocking(process.stdin.fileno(), False)
            with self._lock:
                self._process = process
                self._hand_over()
            code = process.wait()
            with self._lock:
                process.stdin.close()
            if not self._ended.wait(SWEEPER_PAUSE_SECONDS):
                if time.monotonic() - started > SWEEPER_LIVES_SECONDS:
                    self._deaths.over()
                self._deaths.failed(f"with {code}")

    def _tell(self, process: UUID) -> None:
        """A process has ended. A sweeper that is just being started is told then; what gets lost
        with one that dies is found out when the lease is over."""
        with self._lock:
            self._untold.append(process)
            self._hand_over()

    def _hand_over(self) -> None:
        """What the sweeper has not been told, if it is there. Under the lock."""
        if self._process is None or self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            while self._untold:
                os.write(self._process.stdin.fileno(), f"{self._untold[0]}\n".encode())
                self._untold.popleft()
        except OSError as error:
            logger.info("The sweeper could not be told of a process that has ended: %r", error)

    def stop(self, worker: Any) -> None:
        self._ended.set()
        if self._process is not None:
            self._process.terminate()

    terminate = stop


class WatchedPool(AsynPool):
    """Says which of its processes have ended, however they did: those that were killed cannot."""

    # A process that is forked while another thread starts a program inherits the pipe by which that
    # thread hears of the program's start, and keeps it waiting for as long as it lives.
    forking: ClassVar[threading.Lock] = threading.Lock()
    # Set by the sweeper's step.
    tell: ClassVar[Callable[[UUID], None] | None] = None

    def _create_worker_process(self, i: int) -> Any:
        with self.forking:
            return super()._create_worker_process(i)

    def _join_exited_workers(self, shutdown: bool = False) -> Any:
        before = list(self._pool)
        try:
            return super()._join_exited_workers(shutdown)
        finally:
            from jobs.tasks import process_id

            for process in before:
                if process not in self._pool and WatchedPool.tell is not None:
                    WatchedPool.tell(process_id(process.name))


TaskPool.Pool = WatchedPool


class Watch(bootsteps.StartStopStep):
    """The watchdog over the worker's loop. The solo pool runs jobs in it, which may take their
    time; a broker without a loop (none of those in the documents) has none to watch."""

    requires = ("celery.worker.components:Hub",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._dog: Watchdog | None = None

    def include_if(self, worker: Any) -> bool:
        return bool(worker.use_eventloop) and "solo" not in worker.pool_cls.__module__

    def start(self, worker: Any) -> None:
        def connection() -> Any:
            return getattr(getattr(worker, "consumer", None), "connection", None)

        from jobs.limits import job_limits

        dog = self._dog = Watchdog(
            lambda: connection() is not None, _end_at_once, job_limits().worker_loop_seconds
        )

        def tick() -> None:
            dog.tick(broker.unanswered_seconds(connection()))

        worker.hub.timer.call_repeatedly(1.0, tick)
        dog.start()

    def stop(self, worker: Any) -> None:
        if self._dog is not None:
            self._dog.stop()

    terminate = stop


def _end_at_once() -> None:
    """The loop cannot be asked any more. Jobs get the time that a shutdown gives them: those of a
    pool of processes go on by themselves until they have noticed."""
    from jobs.limits import job_limits
    from jobs.running import crew

    worker_shutting_down.send(sender="watchdog", sig="watchdog", how="Watchdog", exitcode=1)
    limits = job_limits()
    until = time.monotonic() + limits.job_drain_seconds + limits.job_cancel_grace_seconds
    while crew.is_busy() and time.monotonic() < until:
        time.sleep(0.1)
    crew.stop()
    os._exit(1)


app.steps["worker"].add(Sweeper)
app.steps["worker"].add(Watch)


@worker_ready.connect
def _say_so(**_: Any) -> None:
    """Whatever the log level: `manage.py up` waits for this line."""
    print("The worker is ready.", flush=True)
