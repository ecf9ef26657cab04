"""Kinds that run at most so many at once of the same key."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from jobs import registry
from jobs.lifecycle import attempts, transitions
from jobs.lifecycle.attempts import Begin, Claim, End
from jobs.lifecycle.verdict import Ending
from jobs.loops import sweeper
from jobs.models import Attempt, Job, Outcome, State, Worker
from jobs.submitting import actions, admission
from jobs.submitting.actions import Submission
from rooms.database import clock
from rooms.models import Room, User
from tests.integration.jobs.conftest import claim, expire, fresh, outcomes
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)
Keyed = Callable[..., Job]
DONE = Ending(Outcome.SUCCEEDED, result={"summary": "done"})


@pytest.fixture
def keyed(alice: User, lobby: Room) -> Keyed:
    def submit(value: str = "a", kind: str = "test.keyed", **options: Any) -> Job:
        wanted = Submission(alice, kind, {"value": value}, **{"room": "lobby", **options})
        return actions.submit(wanted)[0]

    return submit


def done(begun: Claim) -> None:
    assert attempts.end(begun.job.pk, begun.lease, DONE)


def test_the_second_of_a_key_waits_for_the_first(keyed: Keyed, rung: list[UUID]) -> None:
    first, second, other = keyed(), keyed(), keyed("b")
    begun = claim(first)
    assert begun and claim(other)
    assert claim(second) is None
    waiting = fresh(second)
    assert (waiting.state, waiting.attempt, waiting.max_attempts) == ("queued", 0, 3)
    assert not Attempt.objects.filter(job=second).exists()
    rung.clear()
    done(begun)
    assert rung == [second.pk]
    assert claim(second)


def test_first_come_first_served_within_a_priority(keyed: Keyed, rung: list[UUID]) -> None:
    first, second, urgent = keyed(), keyed(), keyed(priority=0)
    assert claim(second) is None and claim(first) is None
    begun = claim(urgent)
    assert begun
    rung.clear()
    done(begun)
    assert rung == [first.pk]
    assert claim(second) is None and claim(first)


def test_two_at_once_in_each_room(keyed: Keyed, alice: User) -> None:
    jobs = [keyed(kind="test.two") for _ in range(3)]
    # A later one has a place while one before it has none yet: there are two.
    begun = claim(jobs[1])
    assert begun and claim(jobs[0]) and claim(jobs[2]) is None
    done(begun)
    assert claim(jobs[2])
    # In no room there is no bound.
    alone = [keyed(kind="test.two", room=None) for _ in range(3)]
    assert all(claim(job) for job in alone)


def test_an_end_and_the_next_claim_share_a_transaction(keyed: Keyed) -> None:
    first, second, third = keyed(), keyed(), keyed()
    begun = claim(first)
    assert begun
    worker = Worker.objects.get(jobs=first)
    begins = [Begin(third.pk, UUID(int=3)), Begin(second.pk, UUID(int=2))]
    written = attempts.write(worker, begins, [End(first.pk, begun.lease, DONE)])
    assert written.claims[0] is None
    assert written.claims[1] and written.claims[1].job.pk == second.pk


def test_a_lost_worker_frees_the_place(keyed: Keyed, rung: list[UUID]) -> None:
    first, second = keyed(), keyed()
    assert claim(first)
    expire(first)
    assert claim(second) is None
    rung.clear()
    assert sweeper.take_back_lost() == 1
    # What was lost came back behind the one that has waited.
    assert second.pk in rung and claim(first) is None and claim(second)
    assert outcomes(first) == [Outcome.LOST]


def test_one_that_is_cancelled_is_waited_for_no_longer(keyed: Keyed, rung: list[UUID]) -> None:
    first, second = keyed(), keyed()
    assert claim(second) is None
    rung.clear()
    transitions.cancel_unclaimed(first.pk)
    assert rung == [second.pk] and claim(second)


def test_the_sweeper_rings_for_those_that_have_a_place(keyed: Keyed, rung: list[UUID]) -> None:
    first, second, third, other = keyed(), keyed(), keyed(), keyed("b")
    assert claim(first)
    Job.objects.update(rung_at=clock.now() - timedelta(minutes=1))
    rung.clear()
    assert sweeper.ring_again(lambda queue: 0) == 1 and rung == [other.pk]
    # The bell of the end is lost.
    Job.objects.filter(pk=first.pk).update(state=State.SUCCEEDED)
    assert sweeper.ring_again(lambda queue: 0) == 1 and rung == [other.pk, second.pk]
    assert fresh(third).state == State.QUEUED


def test_of_two_workers_that_claim_at_once_one_begins(keyed: Keyed) -> None:
    for _ in range(5):
        jobs = [keyed(kind="test.two", room="lobby") for _ in range(4)]
        begun = _race(jobs)
        assert len(begun) == 2
        for each in begun:
            done(each)
        Job.objects.filter(state=State.QUEUED).update(state=State.CANCELLED)


def _race(jobs: list[Job]) -> list[Claim]:
    start, found = threading.Barrier(len(jobs)), []

    def work(job: Job) -> None:
        try:
            start.wait()
            found.append(claim(job, f"worker of {job.pk}"))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(jobs)
    return [each for each in found if each is not None]


def test_who_waits_is_told_why(keyed: Keyed, caller: Callers, alice: User) -> None:
    first, second = keyed(), keyed()
    assert claim(first)
    detail = caller(alice).get(f"jobs/{second.pk}").json()
    assert detail["held"] == "at_once"
    assert caller(alice).get(f"jobs/{first.pk}").json()["held"] is None
    kinds = {each["name"]: each for each in caller(alice).get("job-kinds").json()["kinds"]}
    assert kinds["room.export"]["limits"]["at_once"] == 1
    assert kinds["test.outcome"]["limits"]["at_once"] is None


def test_those_that_wait_for_others_do_not_close_the_queue(keyed: Keyed) -> None:
    assert claim(keyed())
    keyed()
    Job.objects.update(queued_at=clock.now() - timedelta(hours=3))
    admission.forget()
    assert keyed("b").state == State.QUEUED


def test_keys() -> None:
    def declared(key: Any, at_once: int | None = 1) -> registry.Kind:
        known = registry.get("test.keyed")
        return registry.Kind("x.y", "X", "", known.params, known.run, at_once=at_once, key=key)

    def of(key: Any, value: str = "a", room: int | None = 7) -> str | None:
        return declared(key).hold_key({"value": value}, "lobby", 3, room)

    assert of("") == "x.y:all"
    assert of("room") == "x.y:7" and of("room", room=None) is None
    assert of("requester") == "x.y:3"
    assert of("value") == 'x.y:"a"'
    assert of(lambda params, room, user: f"{params.value} {room} {user}") == "x.y:a lobby 3"
    assert of(lambda params, room, user: "") is None
    long, other = of("value", "é" * 1000), of("value", "é" * 1001)
    assert long and other and long != other and len(long) <= registry.KEY_CHARACTERS
    for key, at_once in [("nothing", 1), ("room", None), ("", 0)]:
        with pytest.raises(ImproperlyConfigured):
            declared(key, at_once)
