"""The only module that knows Celery: one thin task for a job, one for housekeeping, and the ring.

A message only names a job. Celery neither retries nor delays nor keeps results: the database does.
"""

import logging
import mmap
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import UUID, uuid4, uuid5

from billiard.common import terminate_handler_fired
from billiard.process import current_process
from celery import current_app, shared_task, signals
from celery.utils import uuid
from django.conf import settings
from django.db import Error as DatabaseError
from kombu import Exchange, Producer, Queue
from kombu.exceptions import ChannelError, OperationalError
from kombu.exceptions import ConnectionError as AMQPConnectionError

from rooms.core import housekeeping
from rooms.core.outages import Outage
from rooms.database import signs_of_life
from rooms.database.calls import with_connection

from . import hearing, registry
from .lifecycle import doorbell, turns
from .models import Job
from .running import crew, runner
from .running.worker import WorkerProcess, spare

logger = logging.getLogger(__name__)
_unasked = Outage(logger, "The broker could not be asked how many messages wait")

# The last wall behind a kind's hard time limit: for code that does not even let threads run.
LAST_WALL_SECONDS = 60
# What py-amqp raises beside errors of the system when a connection is gone; the last of them by
# accident.
_BROKEN = (AMQPConnectionError, AttributeError)
# How long a ring waits for one of this process's connections.
RING_SECONDS = 2.0

# One byte that the worker's children share with it, being forked after this line: it drains.
_draining = mmap.mmap(-1, 1)


@signals.worker_shutting_down.connect
def _drain(**_: Any) -> None:
    _draining[0] = 1


# Of this worker, and of the children that are forked after this line: a pid comes again, and other
# machines have the same ones.
_family = uuid4()


def process_id(process_name: str) -> UUID:
    """Of the process of this worker that its pool calls so, which it does once."""
    return uuid5(_family, process_name)


# The pool of this worker; known to its children, which are forked after it.
_pool: dict[str, Any] = {"name": "worker", "pool": "", "capacity": 1, "queues": ()}


@signals.celeryd_after_setup.connect
def _note_pool(instance: Any, **_: Any) -> None:
    pool = getattr(instance.pool_cls, "__module__", "").rpartition(".")[2]
    alone = pool in ("prefork", "solo")
    _choose_queues(instance.app.amqp.queues, pool)
    _pool.update(
        name=instance.hostname,
        pool=pool,
        capacity=1 if alone else instance.concurrency,
        queues=tuple(each for each in instance.app.amqp.queues.consume_from if "." not in each),
    )


def _choose_queues(queues: Any, pool: str) -> None:
    """A worker that has a process for each job takes those that need one from the same queues; no
    other one ever hears of them."""
    taken = tuple(queues.consume_from)
    parts = {name: registry.process_queue(name) for name in registry.QUEUES}
    if pool == "prefork":
        for name, part in parts.items():
            if name in taken:
                queues.select_add(queues[part])
            elif part in taken:
                queues.deselect([part])
        return
    queues.deselect([part for part in parts.values() if part in taken])
    if kinds := [kind.name for kind in registry.known() if kind.needs_process]:
        logger.warning(
            "The pool %s cannot stop a job by force: %s are left for a worker of the pool prefork",
            pool,
            ", ".join(kinds),
        )


@signals.worker_process_init.connect
def _sign_on(**_: Any) -> None:
    """Operators see a process before it has a job."""
    crew.of(_worker_process())


@signals.worker_ready.connect
def _sign_on_alone(**_: Any) -> None:
    if _pool["pool"] != "prefork":
        _sign_on()


@signals.worker_process_shutdown.connect
@signals.worker_shutdown.connect
def _sign_off(**_: Any) -> None:
    crew.stop()


def _exit() -> None:
    os._exit(1)


def _worker_process() -> WorkerProcess:
    alone = current_process().name != "MainProcess"
    return WorkerProcess(
        process=process_id(current_process().name),
        draining=lambda: bool(_draining[0]),
        terminating=terminate_handler_fired,
        kill=_exit if alone else spare,
        waits_for_ends=not alone,
        **_pool,
    )


@shared_task(name="jobs.run", max_retries=0)
def run_job(job_id: str) -> None:
    """One attempt at a job, unless somebody else has it; at the most urgent one, where the broker
    knows no priorities."""
    orders = settings.PARLEY_BROKER_ORDERS
    runner.run(UUID(job_id), _worker_process(), None if orders else turns.whose)


@shared_task(name="jobs.housekeeping", max_retries=0)
def keep_house() -> None:
    """What every app has registered to be swept away: only Celery knows the hour."""
    with hearing.occupied(_name()):
        housekeeping.run()
        signs_of_life.give(signs_of_life.HOUSEKEEPING)


def _name() -> str:
    """Of this worker, as its processes' rows have it."""
    return str(_pool["name"])[:120]


@shared_task(name="jobs.canary", max_retries=0)
def hear_canary(queue: str) -> None:
    """This worker takes messages from `queue`, and its pool runs them."""
    ear = hearing.Ear(_name(), queue)
    try:
        with_connection(lambda: hearing.heard(ear))
    except DatabaseError as error:
        logger.info("That a canary was heard could not be written: %r", error)


def send_canaries(numbers: Mapping[str, int]) -> None:
    """So many to each queue, before all jobs, in one go: each worker that waits takes one. Raises
    what Kombu raises."""
    with current_app.producer_pool.acquire(block=True, timeout=RING_SECONDS) as producer:
        on_redis = _on_redis(producer.connection)
        with _given_up_on_failure(producer.connection), producer.batch():
            for queue, number in numbers.items():
                for _ in range(number):
                    message = current_app.amqp.create_task_message(
                        uuid(), hear_canary.name, (queue,), {}, ignore_result=True
                    )
                    _send(producer, hear_canary.name, message, queue, 0, on_redis)


def ring(jobs: Sequence[Job]) -> None:
    """Publish one message for each, once, without waiting for a broker that is away: on one
    connection, and on Redis in one round. Raises what Kombu raises.

    What `apply_async` does for each message besides takes longer than to send it: it merges the
    task's options, routes it, and takes a connection from the pool.
    """
    with current_app.producer_pool.acquire(block=True, timeout=RING_SECONDS) as producer:
        on_redis = _on_redis(producer.connection)
        batch = producer.batch() if len(jobs) > 1 else nullcontext()
        with _given_up_on_failure(producer.connection), batch:
            for job in jobs:
                _publish(producer, job, on_redis)


def _publish(producer: Any, job: Job, on_redis: bool) -> None:
    kind = registry.find(job.kind)
    message = current_app.amqp.create_task_message(
        uuid(),
        run_job.name,
        (str(job.pk),),
        {},
        time_limit=_last_wall(kind),
        ignore_result=True,
    )
    queue = registry.process_queue(job.queue) if kind and kind.needs_process else job.queue
    _send(producer, run_job.name, message, queue, job.urgency, on_redis)


def _last_wall(kind: registry.Kind | None) -> float | None:
    """Seconds after which Celery ends the process; the longest one where a message is for any."""
    if kind is None:
        return None
    limits = [kind.hard_time_limit]
    if not settings.PARLEY_BROKER_ORDERS:
        limits = [each.hard_time_limit for each in registry.known()]
    return max(limits) + LAST_WALL_SECONDS


def _send(
    producer: Any, name: str, message: Any, queue: str, priority: int, on_redis: bool
) -> None:
    current_app.amqp.send_task_message(
        producer,
        name,
        message,
        queue=queue,
        # Redis takes 0 first, RabbitMQ the highest.
        priority=priority if on_redis else 9 - priority,
        # On Redis there is nothing to declare.
        declare=[] if on_redis else None,
        retry=False,
    )


def _on_redis(connection: Any) -> bool:
    return bool(connection.transport.driver_type == "redis")


@contextmanager
def _given_up_on_failure(connection: Any) -> Iterator[None]:
    """A connection of RabbitMQ on which something failed is not used again: Kombu would take it for
    open, or an answer that comes late for that of the next question."""
    on_redis = _on_redis(connection)
    if not on_redis and not connection.connected:
        connection.connect()
    try:
        yield
    except ChannelError:
        # It is about a channel alone.
        raise
    except Exception:
        if not on_redis:
            connection.collect()
        raise


def round_trip(seconds: float) -> float | None:
    """Send a message by a queue of its own, and take it: how long that took. None: it did not come.
    Raises what Kombu raises."""
    name = f"doctor.{uuid4().hex}"
    queue = Queue(name, Exchange(""), name, durable=False, auto_delete=True, expires=60.0)
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        bound = queue(channel)
        bound.queue_declare()
        sent = time.monotonic()
        Producer(channel).publish(name, exchange="", routing_key=name, retry=False)
        try:
            while (took := time.monotonic() - sent) < seconds:
                if bound.get(no_ack=True) is not None:
                    return took
                time.sleep(0.02)
        finally:
            bound.delete()
    return None


def messages_waiting(queue: str) -> int | None:
    """How many messages the broker holds for a queue, or None when it does not say."""
    counts = [_messages_waiting(queue), _messages_waiting(registry.process_queue(queue))]
    return None if None in counts else sum(count or 0 for count in counts)


def _messages_waiting(queue: str) -> int | None:
    try:
        with (
            current_app.pool.acquire(block=True, timeout=2) as connection,
            _given_up_on_failure(connection),
        ):
            with connection.channel() as channel:
                # Whether a queue is there Kombu asks Redis without the prefix of its names; to
                # declare one does nothing there.
                passive = not _on_redis(connection)
                count = int(channel.queue_declare(queue, passive=passive).message_count)
        _unasked.over()
        return count
    except ChannelError:
        # No worker has been there yet.
        return 0
    except (OperationalError, OSError, *_BROKEN) as error:
        _unasked.failed(repr(error), about=queue)
        return None


doorbell.carried_by(ring)
