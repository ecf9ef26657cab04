"""What Redis knows of how far the database was: a database that is behind it gets another epoch,
and nothing else does."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.db import transaction

from rooms.core import installation, witness
from rooms.core import ringer as ringing
from rooms.core.installation import InstallationState
from rooms.core.log import locked
from rooms.core.representations import timestamp
from rooms.features.messages import actions as messages
from rooms.features.rooms import changes
from rooms.models import Event, Installation, Message, Room

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_redis(real_redis: str) -> Iterator[Any]:
    """Nothing is left of other tests, and nothing for them."""
    with redis.Redis.from_url(real_redis) as client:
        client.delete(witness._key())
        yield client
        client.delete(witness._key())


def tell(*rooms: Room, known: InstallationState | None = None) -> None:
    """That these rooms are as far as they are now."""
    label = known or installation.read()
    for room in rooms:
        room.refresh_from_db()

    async def write() -> None:
        async def given() -> InstallationState | None:
            return label

        mine = witness.Witness(given)
        for room in rooms:
            mine.note(room.pk, room.last_seq, timestamp(room.active_at))
        await mine.write()

    asyncio.run(write())


def say(user: Any, room: Room, body: str) -> None:
    messages.post_message(messages.Post(user, room.slug, body))


def put_back(room: Room, count: int) -> None:
    """The last events were never there."""
    room.refresh_from_db()
    for model in (Event, Message):
        model.objects.filter(room=room, seq__gt=room.last_seq - count).delete()
    last = Event.objects.filter(room=room).latest("seq")
    said = Message.objects.filter(room=room).count()
    Room.objects.filter(pk=room.pk).update(last_seq=last.seq, message_count=said, active_at=last.at)


def is_noticed(before: InstallationState) -> bool:
    after = witness.compared()
    assert after == installation.read()
    assert (after.epoch != before.epoch) == (after.number > before.number)
    return after.epoch != before.epoch


def test_a_database_that_is_where_it_was_or_further_keeps_its_epoch(
    alice: Any, lobby: Room
) -> None:
    before = installation.read()
    assert not is_noticed(before)
    tell(lobby)
    assert not is_noticed(before)
    say(alice, lobby, "further")
    assert not is_noticed(before)


@pytest.mark.parametrize("written_since", [0, 2, 5])
def test_a_database_that_is_behind_gets_another_one_once(
    alice: Any, lobby: Room, written_since: int
) -> None:
    before = installation.read()
    for number in range(3):
        say(alice, lobby, f"gone {number}")
    tell(lobby)
    put_back(lobby, 2)
    for number in range(written_since):
        say(alice, lobby, f"others {number}")
    assert is_noticed(before)
    now = installation.read()
    assert not is_noticed(now)
    tell(lobby)
    assert not is_noticed(now)


def test_an_older_epoch_is_noticed_by_its_number(lobby: Room) -> None:
    old = installation.read()
    newer = installation.renew(old)
    tell(lobby)
    Installation.objects.update(epoch=old.epoch, number=old.number)
    assert is_noticed(installation.read())
    assert installation.read().number > newer.number


def test_what_was_rolled_back_is_witnessed_by_nobody(alice: Any, lobby: Room) -> None:
    """Only what was committed is rung for, and only what was rung for is noted."""
    before = installation.read()
    with pytest.raises(RuntimeError), transaction.atomic():
        say(alice, lobby, "never")
        raise RuntimeError
    say(alice, lobby, "kept")
    assert not is_noticed(before)


def test_what_is_rung_for_is_witnessed(alice: Any, lobby: Room, in_redis: Any) -> None:
    """In a process without a hub, too, which writes before the ring has ended."""
    before = installation.read()
    in_redis.delete(witness._key())
    ringer = ringing._ringer()
    assert ringer._witness is not None
    ringer._witness._due = 0.0
    ringer._witness._known = witness.LatestInstallation()
    for number in range(2):
        say(alice, lobby, f"gone {number}")
    lobby.refresh_from_db()
    found = [mark for mark in witness._read() if mark.room_id == lobby.pk]
    assert found and found[-1].seq >= lobby.last_seq - 1
    put_back(lobby, 3)
    assert is_noticed(before)


def test_what_redis_has_forgotten_or_what_is_of_others_says_nothing(
    alice: Any, lobby: Room, in_redis: Any, settings: Any
) -> None:
    before = installation.read()
    say(alice, lobby, "gone")
    tell(lobby)
    settings.PARLEY_INSTALLATION = "another"
    put_back(lobby, 1)
    assert not is_noticed(before)
    settings.PARLEY_INSTALLATION = "tests"
    in_redis.flushall()
    assert not is_noticed(before)


def test_rooms_that_are_gone_and_logs_that_were_trimmed_say_nothing(
    alice: Any, lobby: Room, den: Room
) -> None:
    before = installation.read()
    for room in (lobby, den):
        say(alice, room, "here")
    tell(lobby, den)
    changes.delete_room(den.pk)
    Event.objects.filter(room=lobby).delete()
    assert not is_noticed(before)


def test_marks_are_bounded_and_what_is_no_mark_is_passed_over(
    alice: Any, lobby: Room, in_redis: Any
) -> None:
    before = installation.read()
    in_redis.zadd(witness._key(), {"[1]": 1, "nonsense": 2, '["a", "b", "c", "d", "e"]': 3})
    for number in range(witness.MOST_MARKS + 5):
        with locked(lobby.pk) as (logs, room):
            logs.append(room, "note.made", {"number": number})
        tell(lobby)
    assert in_redis.zcard(witness._key()) <= witness.MOST_MARKS
    assert not is_noticed(before)


def test_a_redis_that_is_away_is_waited_for_by_nobody(lobby: Room, settings: Any) -> None:
    before = installation.read()
    settings.REDIS_URL = "unix:///nowhere.sock"
    tell(lobby)
    assert not is_noticed(before)
