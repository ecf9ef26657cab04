"""Sockets while the database is silent or in trouble: nobody waits long, nothing comes twice."""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError

from rooms import health
from rooms.core import credentials, read_state
from rooms.database import trouble
from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Post, PostOutcome
from rooms.features.reading import socket as reading_socket
from rooms.live.node import Node
from rooms.models import Message, Room, User
from rooms.protocol import Busy
from tests.support.sockets import Client, run
from tests.support.waiting import until_async

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(settings: Any) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"answer_seconds": 1})


class Gate:
    """Calls of a function wait while it is shut."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._open = threading.Event()
        self._open.set()
        self.begun = 0

    def __call__(self, *args: Any) -> Any:
        self.begun += 1
        self._open.wait(60)
        return self._call(*args)

    @contextmanager
    def shut(self) -> Iterator[None]:
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()


def gate(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Gate:
    made = Gate(getattr(module, name))
    monkeypatch.setattr(module, name, made)
    return made


def submit(node: Node, post: Post) -> "asyncio.Future[PostOutcome]":
    answer: asyncio.Future[PostOutcome] = node.loop.create_future()
    node.journal.submit(post, answer.set_result)
    return answer


def test_the_journal_refuses_who_waits_and_who_comes_while_it_stands_still(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = gate(monkeypatch, messages, "post_messages")

    async def test() -> None:
        node = await Node.current()
        with writing.shut():
            begun = Post(alice, "lobby", "under way", uuid.uuid4())
            first = submit(node, begun)
            await until_async(lambda: writing.begun)
            waits = [
                submit(node, Post(alice, "lobby", f"waits {number}", uuid.uuid4()))
                for number in range(3)
            ]
            for outcome in await asyncio.gather(first, *waits):
                assert isinstance(outcome, Busy)
                assert outcome.retry_after
            assert node.journal.depth == 0
            await until_async(lambda: node.journal.is_stuck)
            with pytest.raises(Busy, match=trouble.SILENT):
                submit(node, Post(alice, "lobby", "comes", uuid.uuid4()))
            found = await health.look()
            assert found["journal"].startswith("has been writing")
        # What was under way is written; it is found when it is said again.
        await until_async(lambda: not node.journal.is_stuck)
        again = await submit(node, begun)
        assert isinstance(again, dict)
        assert (await health.look())["journal"] == "ok"

    run(test)
    # What had only waited, and was refused, is left out.
    assert list(Message.objects.values_list("body", flat=True)) == ["under way"]


def test_who_has_waited_too_long_in_a_slow_journal_is_refused_alone(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction is quick enough, but there are many before one's own."""
    writing = gate(monkeypatch, messages, "post_messages")

    async def test() -> None:
        node = await Node.current()
        with writing.shut():
            old = [submit(node, Post(alice, "lobby", "x", uuid.uuid4())) for _ in range(2)]
            await until_async(lambda: writing.begun)
            late = submit(node, Post(alice, "lobby", "old", uuid.uuid4()))
            node.journal._unanswered[-1].since -= 100
            node.journal._unanswered.rotate(1)
            assert isinstance(await late, Busy)
            assert not node.journal.is_stuck
        assert all(isinstance(outcome, dict) for outcome in await asyncio.gather(*old))

    run(test)
    assert not Message.objects.filter(body="old").exists()


def test_the_journal_can_end_while_it_stands_still(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = gate(monkeypatch, messages, "post_messages")

    async def test() -> None:
        node = await Node.current()
        with writing.shut():
            submit(node, Post(alice, "lobby", "x", uuid.uuid4()))
            await asyncio.wait_for(node.journal.drained(), 10)

    run(test)


@pytest.mark.parametrize(("module", "name"), [(credentials, "of_headers"), (read_state, "of_user")])
def test_a_handshake_is_answered_with_a_good_bye(
    alice: User, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = gate(monkeypatch, module, name)

    async def test() -> None:
        with looking.shut():
            client = await Client.connect(alice)
            assert client.first["type"] == "websocket.accept"
            bye = await client.find(lambda each: each["type"] == "bye")
            assert (bye["code"], bye["reconnect"]) == (4013, True)
            assert bye["reason"] == trouble.SILENT
            assert bye["retry_in"] > 0

    run(test)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("attempt to write a readonly database", trouble.READ_ONLY),
        ("database or disk is full", trouble.FULL),
    ],
)
def test_what_is_wrong_is_said(
    alice: User, lobby: Room, text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError(text)

    async def test() -> None:
        client = await Client.connect(alice)
        await client.call("subscribe", room="lobby")
        monkeypatch.setattr(messages, "post_messages", fail)
        monkeypatch.setattr(reading_socket, "mark_read", fail)
        for answer in (
            await client.say("lobby", "x"),
            await client.call("read", room="lobby", seq=1),
        ):
            assert (answer["code"], answer["temporary"]) == ("busy", True)
            assert answer["message"] == says
            assert answer["retry_after"] > 0
        monkeypatch.setattr(credentials, "of_headers", fail)
        other = await Client.connect(alice)
        bye = await other.find(lambda each: each["type"] == "bye")
        assert (bye["code"], bye["reason"]) == (4013, says)

    run(test)


def test_a_command_whose_call_hangs_is_busy_and_the_next_one_works(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    marking = gate(monkeypatch, reading_socket, "mark_read")

    async def test() -> None:
        client = await Client.connect(alice)
        await client.call("subscribe", room="lobby")
        with marking.shut():
            answer = await client.call("read", room="lobby", seq=1)
            assert (answer["code"], answer["temporary"]) == ("busy", True)
            assert (await client.call("ping"))["type"] == "pong"
            assert (await client.say("lobby", "meanwhile"))["type"] == "sent"
        assert (await client.call("read", room="lobby", seq=1))["type"] == "ok"

    run(test)
