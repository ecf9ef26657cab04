"""The log: consecutive, committed before it is told, the same from Redis and from the database."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.core.files.base import ContentFile
from django.db import connection, transaction

from rooms.core import bell, event_bells, log, log_reading
from rooms.core.log import writing_in_transaction
from rooms.core.reports import report_in_transaction
from rooms.features.files import actions as files
from rooms.features.members import actions as members
from rooms.features.messages import actions as messages
from rooms.models import Event, Message, Room, User

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

WRITERS, POSTS = 8, 25


def in_threads(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run them at once, each with a database connection of its own; raise what they raised."""
    ready = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        try:
            ready.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(run, call) for call in calls]]


def seqs(room: Room) -> list[int]:
    return list(Event.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))


@pytest.fixture
def no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "ring_on_commit", lambda *_: None)


def test_many_writers_leave_no_hole(alice: User, bob: User, lobby: Room, no_bell: None) -> None:
    head = lobby.last_seq

    def write(number: int) -> Any:
        author = (alice, bob)[number % 2]
        return [
            messages.post_message(messages.Post(author, "lobby", f"{number}.{turn}", uuid.uuid4()))
            for turn in range(POSTS)
        ]

    written = in_threads([partial(write, number) for number in range(WRITERS)])
    lobby.refresh_from_db()
    assert lobby.last_seq == head + WRITERS * POSTS
    assert seqs(lobby) == list(range(1, lobby.last_seq + 1))
    said = Message.objects.order_by("seq")
    assert [row.number for row in said] == list(range(1, WRITERS * POSTS + 1))
    for answers in written:
        own = [answer["seq"] for answer in answers]
        assert own == sorted(own), "one author's messages stand in the order of writing"


def test_writers_of_several_rooms_do_not_wait_for_each_other_in_a_ring(
    alice: User, lobby: Room, den: Room, no_bell: None
) -> None:
    def write(slugs: Sequence[str]) -> None:
        for _ in range(POSTS):
            messages.post_messages([messages.Post(alice, slug, "x") for slug in slugs])

    in_threads([lambda: write(["lobby", "den"]), lambda: write(["den", "lobby"])])
    for room in Room.objects.all():
        assert room.message_count == 2 * POSTS
        assert seqs(room) == list(range(1, room.last_seq + 1))


def test_the_same_client_id_from_everywhere_is_one_message(
    bob: User, lobby: Room, no_bell: None
) -> None:
    post = messages.Post(bob, "lobby", "Once", uuid.uuid4())
    answers = in_threads([lambda: messages.post_message(post)] * 6)
    assert Message.objects.count() == 1
    assert all(answer == answers[0] for answer in answers)


def test_joining_from_everywhere_is_joining_once(charlie: User, lobby: Room, no_bell: None) -> None:
    in_threads([lambda: members.join(charlie, "lobby")] * 4)
    assert lobby.memberships.filter(user=charlie).count() == 1
    lobby.refresh_from_db()
    assert seqs(lobby) == list(range(1, lobby.last_seq + 1))


def test_a_transaction_that_fails_takes_no_seq(
    lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung = []
    monkeypatch.setattr(bell, "post", lambda put: rung.append(put))
    with pytest.raises(ZeroDivisionError):
        with transaction.atomic():
            with writing_in_transaction([lobby.pk]) as logs:
                logs.append(logs.rooms[lobby.pk], "job.changed", {"job": {}})
            raise ZeroDivisionError
    before = lobby.last_seq
    lobby.refresh_from_db()
    assert lobby.last_seq == before
    assert seqs(lobby) == list(range(1, before + 1))
    assert rung == []


def test_nothing_is_rung_before_the_commit(lobby: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    rung = []
    monkeypatch.setattr(bell, "post", lambda put: rung.append(put))
    with transaction.atomic():
        with writing_in_transaction([lobby.pk]) as logs:
            logs.append(logs.rooms[lobby.pk], "job.changed", {"job": {}})
        assert rung == []
    assert len(rung) == 1


def test_a_log_is_written_inside_a_transaction(lobby: Room) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        with writing_in_transaction([lobby.pk]):
            pass


def test_a_seq_that_is_taken_must_be_used(lobby: Room) -> None:
    with pytest.raises(RuntimeError, match="hole"), transaction.atomic():
        with writing_in_transaction([lobby.pk]) as logs:
            room = logs.rooms[lobby.pk]
            logs.take_seq(room)
            logs.append(room, "job.changed", {"job": {}})
    lobby.refresh_from_db()
    assert seqs(lobby) == list(range(1, lobby.last_seq + 1))


def test_a_room_that_is_gone_is_missing(lobby: Room) -> None:
    with transaction.atomic(), writing_in_transaction([lobby.pk, lobby.pk + 999]) as logs:
        assert list(logs.rooms) == [lobby.pk]


def test_reads_in_pages(alice: User, lobby: Room, no_bell: None) -> None:
    messages.post_messages([messages.Post(alice, "lobby", str(number)) for number in range(5)])
    lobby.refresh_from_db()
    found, after = [], 0
    while page := log_reading.read(lobby.pk, "lobby", after, 2):
        assert len(page) <= 2
        after = page[-1][0]
        found += [seq for seq, _ in page]
    assert found == list(range(1, lobby.last_seq + 1))
    assert log.heads([lobby.pk, 10**9]) == {lobby.pk: log.head_of(lobby)}


@pytest.fixture
def long_and_short(alice: User, lobby: Room, no_bell: None) -> list[tuple[int, int]]:
    """The `seq` of events and their sizes: every third is a long one."""
    for number in range(12):
        body = f"{number} ü" + " long" * (1_000 if number % 3 == 0 else 1)
        messages.post_message(messages.Post(alice, "lobby", body))
    lobby.refresh_from_db()
    rows = Event.objects.filter(room=lobby).order_by("seq").values_list("seq", "encoded")
    return [(seq, len(encoded.encode())) for seq, encoded in rows]


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("most", [1, 11_000, 25_000, 10**6])
def test_a_reading_is_bounded_by_bytes_and_two_events_at_least(
    lobby: Room,
    long_and_short: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    newest: bool,
) -> None:
    sized = long_and_short
    whole = dict(log_reading.read(lobby.pk, "lobby", 0, 100))
    assert list(whole) == [seq for seq, _ in sized]
    assert all(len(whole[seq]) > size for seq, size in sized)
    monkeypatch.setattr(log_reading, "READ_BYTES", most)
    rows = log_reading.read(lobby.pk, "lobby", 1, 10, newest)
    expected = [each for each in sized if 1 < each[0] <= 11]
    if newest:
        expected.reverse()
    fitting, size = 0, 0
    for _, each in expected:
        size += each
        if size > most and fitting >= 2:
            break
        fitting += 1
    assert rows == sorted((seq, whole[seq]) for seq, _ in expected[:fitting])


def test_usual_events_are_one_query_and_long_ones_two(
    lobby: Room, long_and_short: list[tuple[int, int]], django_assert_num_queries: Any
) -> None:
    short = next(seq for seq, size in long_and_short if size > log_reading.LONG_BYTES)
    with django_assert_num_queries(1):
        log_reading.read(lobby.pk, "lobby", short, 2)
    with django_assert_num_queries(2):
        log_reading.read(lobby.pk, "lobby", 0, 100)


def test_what_is_trimmed_while_it_is_read_is_gone_with_all_before_it(
    lobby: Room, long_and_short: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_long = log_reading._with_long

    def trimmed(room_id: int, *args: Any) -> Any:
        Event.objects.filter(room_id=room_id, seq__lte=6).delete()
        return with_long(room_id, *args)

    long = [seq for seq, size in long_and_short if size > log_reading.LONG_BYTES]
    last_gone = max(seq for seq in long if seq <= 6)
    monkeypatch.setattr(log_reading, "_with_long", trimmed)
    found = [seq for seq, _ in log_reading.read(lobby.pk, "lobby", 0, 100)]
    assert found == [seq for seq, _ in long_and_short if seq > last_gone]


def test_what_is_read_is_what_was_rung_to_the_letter(
    alice: User, charlie: User, lobby: Room
) -> None:
    """Floats, times, emoji, files and JSON from the database must not come out otherwise."""

    def act() -> None:
        messages.post_message(
            messages.Post(charlie, "lobby", "👋 \u202e <b>&amp;</b>", uuid.uuid4())
        )
        with transaction.atomic(), writing_in_transaction([lobby.pk]) as logs:
            room = logs.rooms[lobby.pk]
            job = {"b": 0.1 + 0.2, "a": [1e100, -0.0, 2**53, None, True, "\u2028"], "ü": {}}
            logs.append(room, "job.changed", {"job": job})
            file = files.attach(room, alice, "ü b.svg", "image/svg+xml", ContentFile(b"<svg/>"))
            report_in_transaction(logs, room, None, "Done", "job", uuid.uuid4(), [file])
        members.leave(charlie, "lobby")

    def act_in_a_thread() -> None:
        try:
            act()
        finally:
            connection.close()

    async def listen() -> list[Any]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(event_bells.room_group(lobby.pk), channel)
        await sync_to_async(act_in_a_thread)()
        heard: list[Any] = []
        async with asyncio.timeout(10):
            while len(heard) < 5:
                message = await layer.receive(channel)
                assert message["first"] + len(message["events"]) - 1 == message["last"]
                heard += enumerate(message["events"], message["first"])
        return heard

    heard = asyncio.run(listen())
    assert heard == log_reading.read(lobby.pk, "lobby", lobby.last_seq, 100)
