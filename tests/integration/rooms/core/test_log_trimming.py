"""Old events go, in slices; what must stay stays, and every position is answered truly: with all
that came after it, or with the word that not all of it can be told."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from rooms.core import installation, log_reading, log_trimming
from rooms.limits import Limits
from rooms.live.node import Node
from rooms.models import Event, Installation, Message, Room, User
from tests.conftest import room as make_room
from tests.support.sockets import Client, run
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PARLEY_LIMITS = Limits(log_events=20, log_days=30, log_trim_seconds=0.1)
    monkeypatch.setattr(log_trimming, "SLICE_EVENTS", 7)


def grow(room: Room, ages: list[float]) -> None:
    """A log with events of these ages in days, after what is there."""
    now = timezone.now()
    times = [now - timedelta(days=age) for age in ages]
    first = room.last_seq + 1
    # What came with the room is older than all of them.
    Event.objects.filter(room=room).update(at=now - timedelta(days=90))
    Event.objects.bulk_create(
        Event(room=room, seq=first + n, type="x", encoded=f'{{"n":{n}}}', at=at)
        for n, at in enumerate(times)
    )
    Room.objects.filter(pk=room.pk).update(last_seq=first + len(ages) - 1, active_at=times[-1])
    room.refresh_from_db()


def trim_all() -> int:
    removed = 0
    after = 0
    while rooms := log_trimming.rooms_to_trim(after):
        for room_id in rooms:
            more = True
            while more:
                done, more = log_trimming.trim_slice(room_id)
                assert done <= log_trimming.SLICE_EVENTS
                removed += done
        after = rooms[-1]
    return removed


def held(room: Room) -> list[int]:
    return list(Event.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_neither_recent_nor_among_the_last_goes(lobby: Room, seed: int) -> None:
    chance = random.Random(seed)
    expected: dict[int, int] = {}
    for name in ("quiet", "lobby", "busy"):
        room = lobby if name == "lobby" else make_room(name, lobby.created_by)
        count = chance.randrange(1, 90)
        grow(room, sorted((chance.uniform(0, 60) for _ in range(count)), reverse=True))
        old = Event.objects.filter(room=room, at__lt=log_trimming.kept_since())
        oldest_young = (old.aggregate(Max("seq"))["seq__max"] or 0) + 1
        expected[room.pk] = min(oldest_young, max(1, room.last_seq - 20 + 1))
    messages = Message.objects.count()
    trim_all()
    for room in Room.objects.all():
        first = expected[room.pk]
        assert held(room) == list(range(first, room.last_seq + 1))
        assert room.trimmed_seq == first - 1
        rest = log_reading.read(room.pk, room.slug, room.trimmed_seq, 1000)
        assert [seq for seq, _ in rest] == list(range(first, room.last_seq + 1))
    assert Message.objects.count() == messages
    assert trim_all() == 0


def test_a_young_event_ends_it_whatever_clocks_say(lobby: Room) -> None:
    grow(lobby, [50, 50, 1, 50, *([0] * 30)])
    trim_all()
    lobby.refresh_from_db()
    assert lobby.trimmed_seq == held(lobby)[0] - 1
    young = Event.objects.filter(room=lobby, at__gte=log_trimming.kept_since())
    assert young.aggregate(Min("seq"))["seq__min"] >= held(lobby)[0]


def test_any_number_may_trim_at_once_while_others_write(lobby: Room) -> None:
    grow(lobby, [50.0] * 200)
    failures: list[Exception] = []

    def in_a_thread(call: Callable[[], object]) -> threading.Thread:
        def work() -> None:
            try:
                call()
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def write() -> None:
        from rooms.features.messages import actions as messages

        assert lobby.created_by is not None
        for number in range(10):
            messages.post_messages([messages.Post(lobby.created_by, "lobby", str(number))])

    for thread in [in_a_thread(trim_all) for _ in range(4)] + [in_a_thread(write)]:
        thread.join()
    assert failures == []
    trim_all()
    lobby.refresh_from_db()
    assert held(lobby) == list(range(lobby.last_seq - 19, lobby.last_seq + 1))
    assert lobby.trimmed_seq == lobby.last_seq - 20


def test_of_many_processes_one_trims(lobby: Room) -> None:
    installation.read()
    assert [log_trimming.claim(60) for _ in range(3)] == [True, False, False]
    Installation.objects.update(trimming_until=timezone.now() - timedelta(seconds=1))
    assert log_trimming.claim(60)


@pytest.mark.usefixtures("real_redis")
def test_a_web_process_trims_and_says_so_to_who_was_away_for_too_long(
    alice: User, lobby: Room
) -> None:
    grow(lobby, [50.0] * 60)

    async def test() -> None:
        await Node.current()
        client = await Client.connect(alice)

        async def trimmed() -> bool:
            answer = await client.call("subscribe", room="lobby", after=lobby.last_seq - 21)
            return not answer["recovered"]

        await until(trimmed, what="the log is trimmed")
        answer = await client.call("subscribe", room="lobby", after=lobby.last_seq - 20)
        assert answer["recovered"]
        rest = range(lobby.last_seq - 19, lobby.last_seq + 1)
        assert (await client.events("lobby", lobby.last_seq))[-20:] == list(rest)

    run(test)
