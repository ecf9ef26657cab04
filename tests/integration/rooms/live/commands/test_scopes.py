"""What a token's scopes let a socket do."""

import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from rooms.features.tokens.actions import create_token
from rooms.models import Room, User
from tests.support.sockets import Client, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("real_redis")]


async def connect(user: User, *scopes: str) -> Client:
    token = await sync_to_async(create_token)(user, "test", scopes)
    return await Client.connect(None, authorization=f"Bearer {token}")


def test_a_token_for_reading_hears_and_says_nothing(bob: User, lobby: Room, layer: str) -> None:
    async def test() -> None:
        client = await connect(bob, "read")
        assert (await client.call("subscribe", room="lobby"))["type"] == "subscribed"
        refused = await client.say("lobby", "hello")
        assert (refused["code"], refused["temporary"]) == ("forbidden", False)
        refused_too: dict[str, dict[str, Any]] = {
            "read": {"room": "lobby", "seq": 1},
            "typing": {"room": "lobby"},
            "job.cancel": {"job": str(uuid.uuid4())},
        }
        for type, fields in refused_too.items():
            assert (await client.call(type, **fields))["code"] == "forbidden"
        assert (await client.call("ping"))["type"] == "pong"

    run(test)


def test_a_slash_command_needs_its_own_scope(bob: User, lobby: Room, layer: str) -> None:
    async def test() -> None:
        writing = await connect(bob, "read", "write")
        assert (await writing.say("lobby", "hello"))["type"] == "sent"
        assert (await writing.say("lobby", "/job room.report"))["code"] == "forbidden"
        submitting = await connect(bob, "read", "write", "jobs")
        assert (await submitting.say("lobby", "/job room.report"))["type"] == "job.accepted"

    run(test)


def test_a_token_that_may_not_read_hears_nothing_at_all(bob: User, lobby: Room, layer: str) -> None:
    async def test() -> None:
        client = await connect(bob, "write", "jobs", "admin")
        assert await client.closed() == 4503
        assert [each["type"] for each in client.seen] == ["bye"]

    run(test)
