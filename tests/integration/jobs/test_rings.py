"""What a ring puts into the broker, in a real Redis."""

from typing import Any

import pytest
from celery import current_app

from jobs import registry, tasks
from jobs.lifecycle import doorbell
from jobs.models import Job
from tests.support.workshop import Submit

pytestmark = pytest.mark.django_db(transaction=True)


def taken(queue: str) -> list[Any]:
    """All messages of a queue, in the order in which a worker is given them."""
    found = []
    with current_app.connection_for_read() as connection, connection.channel() as channel:
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            found.append(message)
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_a_ring_is_a_message_for_each_job(submit: Submit, count: int) -> None:
    jobs = [submit("ok") for _ in range(count)]
    taken("interactive")
    assert doorbell.ring(jobs) == count
    assert tasks.messages_waiting("interactive") == count
    messages = taken("interactive")
    assert [message.payload[0] for message in messages] == [[str(job.pk)] for job in jobs]
    kind = registry.get("test.outcome")
    for message in messages:
        assert message.headers["task"] == "jobs.run"
        assert message.headers["ignore_result"] is True
        limit = kind.hard_time_limit + tasks.LAST_WALL_SECONDS
        assert message.headers["timelimit"] == [limit, None]
    assert len({message.headers["id"] for message in messages}) == count


def test_many_are_sent_in_one_round() -> None:
    """Kombu leaves that out, without a word, where a command might be sent twice."""
    with current_app.producer_pool.acquire(block=True) as producer:
        assert producer.channel.supports_batch_publish


def test_the_more_urgent_is_taken_first(submit: Submit) -> None:
    jobs = [submit("ok") for _ in range(3)]
    for job, priority in zip(jobs, (9, 0, 5), strict=True):
        job.priority = priority
    taken("interactive")
    doorbell.ring(jobs)
    order = [message.payload[0][0] for message in taken("interactive")]
    assert order == [str(jobs[number].pk) for number in (1, 2, 0)]


def test_more_jobs_than_go_in_one_round(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "JOBS_PER_RING", 2)
    jobs: list[Job] = [submit("ok") for _ in range(5)]
    taken("interactive")
    assert doorbell.ring(jobs) == 5
    assert len(taken("interactive")) == 5
