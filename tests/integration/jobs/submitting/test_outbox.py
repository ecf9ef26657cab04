"""`jobs.submit` within a transaction of the caller's."""

import subprocess
import sys
import uuid
from collections.abc import Sequence

import pytest
from django.db import transaction

import jobs
from jobs.lifecycle import doorbell
from jobs.models import Job
from jobs.submitting import admission
from rooms.models import Event, Membership, Message, Room, User
from rooms.protocol import RateLimited, Refusal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    rings: list[uuid.UUID] = []

    def ring(rung_for: Sequence[Job]) -> None:
        rings.extend(job.pk for job in rung_for)

    monkeypatch.setattr(doorbell, "_ring", ring)
    return rings


def test_without_a_transaction_it_is_there_at_once(
    alice: User, lobby: Room, rung: list[uuid.UUID]
) -> None:
    job = jobs.submit("test.outcome", {"outcome": "ok"}, user=alice, room="lobby")
    assert Job.objects.get() == job
    assert rung == [job.pk]


def test_it_is_a_part_of_the_transaction(alice: User, lobby: Room, rung: list[uuid.UUID]) -> None:
    with transaction.atomic():
        job = jobs.submit("test.outcome", {"outcome": "ok"}, user=alice, room="lobby")
        assert rung == [], "nobody hears of it before the commit"
    assert Event.objects.get(type="job.changed").payload["job"]["id"] == str(job.pk)
    assert rung == [job.pk]


def test_rolled_back_it_never_was(charlie: User, lobby: Room, rung: list[uuid.UUID]) -> None:
    seq = Room.objects.get(pk=lobby.pk).last_seq
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.submit("test.outcome", {"outcome": "ok"}, user=charlie, room="lobby", key="k")
        raise ZeroDivisionError
    assert not Job.objects.exists()
    assert not Membership.objects.filter(user=charlie).exists()
    assert Room.objects.get(pk=lobby.pk).last_seq == seq
    assert rung == []
    assert jobs.submit("test.outcome", {"outcome": "ok"}, user=charlie, room="lobby", key="k")


def test_a_refusal_leaves_the_rest_of_the_transaction(
    alice: User, charlie: User, lobby: Room, settings: object
) -> None:
    with transaction.atomic():
        with pytest.raises(Refusal):
            jobs.submit("no.such", user=alice)
        job = jobs.submit("test.outcome", {"outcome": "ok"}, user=alice)
    assert Job.objects.get() == job


@pytest.mark.parametrize("inside", [True, False])
def test_who_is_refused_leaves_nothing(
    charlie: User, lobby: Room, settings: object, inside: bool, rung: list[uuid.UUID]
) -> None:
    """Not even that they have joined the room."""
    bound = {"jobs_in_flight_per_user": 1}
    limits = settings.PARLEY_JOB_LIMITS  # type: ignore[attr-defined]
    settings.PARLEY_JOB_LIMITS = limits.model_copy(update=bound)  # type: ignore[attr-defined]
    first = jobs.submit("test.outcome", {"outcome": "ok"}, user=charlie)
    before = (Room.objects.get(pk=lobby.pk).last_seq, Event.objects.count())
    with pytest.raises(RateLimited):
        if inside:
            with transaction.atomic():
                jobs.submit("test.outcome", {"outcome": "ok"}, user=charlie, room="lobby")
        else:
            jobs.submit("test.outcome", {"outcome": "ok"}, user=charlie, room="lobby")
    assert Job.objects.get() == first
    assert (Room.objects.get(pk=lobby.pk).last_seq, Event.objects.count()) == before
    assert not Membership.objects.filter(user=charlie, room=lobby).exists()
    assert not Message.objects.exists()
    assert rung == [first.pk]
    assert admission.in_flight([charlie.pk]) == {charlie.pk: 1}


def test_to_import_jobs_needs_no_django() -> None:
    said = "import jobs, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0
