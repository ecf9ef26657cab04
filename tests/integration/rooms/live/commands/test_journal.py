"""The way of posts into the database."""

import asyncio
import uuid
from typing import Any, cast

import pytest

from rooms.features.messages.actions import Post, PostOutcome
from rooms.live.node import Node
from rooms.models import Event, Room, User
from tests.support.sockets import run

pytestmark = pytest.mark.django_db(transaction=True)


async def write(posts: list[Post]) -> list[PostOutcome]:
    node = await Node.current()
    loop = asyncio.get_running_loop()
    answers: list[asyncio.Future[PostOutcome]] = [loop.create_future() for _ in posts]
    for post, answer in zip(posts, answers, strict=True):
        node.journal.submit(post, answer.set_result)
    return await asyncio.gather(*answers)


def test_what_comes_in_one_go_is_one_transaction(alice: User, lobby: Room) -> None:
    async def test() -> None:
        await write([Post(alice, "lobby", str(number), uuid.uuid4()) for number in range(20)])

    run(test)
    said = Event.objects.filter(room=lobby, type="message.created")
    assert said.count() == 20
    assert said.values("at").distinct().count() == 1, "each transaction has a time of its own"


def test_more_than_a_batch_is_written_in_order(alice: User, lobby: Room) -> None:
    async def test() -> None:
        posts = [Post(alice, "lobby", str(number), uuid.uuid4()) for number in range(700)]
        answers = await write(posts)
        told = [cast(dict[str, Any], answer) for answer in answers]
        assert [answer["body"] for answer in told] == [post.body for post in posts]
        seqs = [answer["seq"] for answer in told]
        assert seqs == list(range(seqs[0], seqs[0] + 700))

    run(test)
