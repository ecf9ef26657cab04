"""What a list of jobs holds is what the person may see, whichever way it was looked up."""

import random
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from jobs.faces import visible_jobs
from jobs.models import Job, State
from rooms.models import Ban, Room, User
from tests.conftest import room as make_room

pytestmark = pytest.mark.django_db

STATES: list[list[State]] = [
    [],
    [State.FAILED],
    [State.SUCCEEDED],
    [State.FAILED, State.CANCELLED],
    [State.RUNNING],
    [State.QUEUED, State.WAITING],
    [State.QUEUED, State.SUCCEEDED],
]
LIMIT = 5


@pytest.fixture
def history(alice: User, bob: User, charlie: User, lobby: Room, den: Room) -> None:
    """Jobs of everybody in all places; many came to be at the same moment."""
    closed = make_room("closed", charlie, visibility="private")
    Ban.objects.create(room=lobby, user=charlie)
    chance = random.Random(7)
    now = timezone.now()
    for number in range(250):
        Job.objects.create(
            kind=chance.choice(["a", "b"]),
            title="Test",
            state=chance.choice(State.values),
            room=chance.choice([None, lobby, den, closed]),
            requested_by=chance.choice([None, alice, bob, charlie]),
            created_at=now - timedelta(seconds=number // 7),
        )


def pages(
    user: User,
    room: Room | None = None,
    states: list[State] | None = None,
    requester: int | None = None,
    wanted: Q | None = None,
) -> list[Any]:
    """As the list is read by REST: page after page."""
    found: list[Job] = []
    while True:
        after = Q()
        if found:
            last = found[-1]
            after = Q(created_at__lt=last.created_at) | Q(
                created_at=last.created_at, id__lt=last.pk
            )
        page = visible_jobs.newest(
            user, room, states or [], requester, (wanted or Q()) & after, LIMIT
        )
        assert len(page) <= LIMIT
        if not page:
            return [job.pk for job in found]
        found += page


@pytest.mark.parametrize("states", STATES, ids=" ".join)
@pytest.mark.parametrize("few", [-1, 10_000])
@pytest.mark.parametrize("rooms", [0, 100])
def test_a_list_holds_what_its_reader_may_see_newest_first(
    history: None,
    alice: User,
    bob: User,
    charlie: User,
    states: list[State],
    few: int,
    rooms: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visible_jobs, "FEW", few)
    monkeypatch.setattr(visible_jobs, "ROOMS_AT_MOST", rooms)
    for reader, kind, by in product((alice, charlie), (None, "a", "c"), (None, alice, bob)):
        wanted = Q() if kind is None else Q(kind=kind)
        right = Job.objects.visible_to(reader).filter(wanted)
        if states:
            right = right.filter(state__in=states)
        if by is not None:
            right = right.filter(requested_by=by)
        expected = list(right.order_by("-created_at", "-id").values_list("pk", flat=True))
        assert pages(reader, None, states, by.pk if by else None, wanted) == expected


def test_of_a_room_and_for_staff(
    history: None,
    alice: User,
    den: Room,
    django_user_model: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = Job.objects.filter(room=den, state=State.FAILED).order_by("-created_at", "-id")
    assert pages(alice, den, [State.FAILED]) == list(right.values_list("pk", flat=True))
    root = django_user_model.objects.create_superuser("root", "root@example.com", "x")
    everything = Job.objects.order_by("-created_at", "-id").values_list("pk", flat=True)
    assert pages(root) == list(everything)
    nobody = django_user_model.objects.create_user("dora", "dora@example.com", "x")
    Ban.objects.create(room=Room.objects.get(slug="lobby"), user=nobody)
    assert pages(nobody) == []
    monkeypatch.setattr(visible_jobs, "FEW", -1)
    assert pages(nobody, requester=alice.pk) == []
