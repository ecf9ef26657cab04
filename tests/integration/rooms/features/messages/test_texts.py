"""What may be said, and what things may be called, by every way in."""

import asyncio
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from rooms.features.messages import actions as messages
from rooms.features.messages.actions import RENDERED_APART_CHARACTERS, Post
from rooms.features.rooms import actions as room_actions
from rooms.features.tokens import actions as tokens
from rooms.live.commands.session import answer_bytes
from rooms.models import ApiToken, Message, Room, User
from rooms.protocol import Invalid, encode
from tests.support import hostile
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)

UNSEEN = ["\u200b", "\u3164", " \u2060 ", "\u2800", "\ufeff\n", "\u0301", "\U000e0041"]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_nobody_says_nothing(caller: Any, alice: User, lobby: Room, text: str) -> None:
    assert caller(alice).post("rooms/lobby/messages", {"body": text}).status_code == 422

    async def test() -> None:
        ana = await Client.connect(alice)
        assert (await ana.say("lobby", text))["code"] == "invalid"

    run(test)
    assert Message.objects.count() == 0


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_nothing_is_called_nothing(caller: Any, alice: User, lobby: Room, text: str) -> None:
    alices = caller(alice)
    for answer in (
        alices.post("rooms", {"slug": "new", "name": text}),
        alices.post("rooms", {"slug": "new", "name": "New", "topic": text}),
    ):
        assert answer.status_code == 422, answer.data
    with pytest.raises(Invalid):
        room_actions.create_room(alice, "new", text)
    with pytest.raises(Invalid):
        tokens.create_token(alice, text)
    with pytest.raises(CommandError):
        call_command("token", alice.username, name=text)
    browser = Browser()
    browser.force_login(alice)
    browser.post("/rooms/", {"name": text, "topic": "", "visibility": "public"})
    browser.post("/tokens/", {"name": text})
    assert Room.objects.count() == 1
    assert ApiToken.objects.filter(name=text).count() == 0


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_nobody_is_called_nothing(client: Browser, alice: User, text: str) -> None:
    for field in ("username", "first_name", "last_name"):
        with pytest.raises(ValidationError):
            User(**{"username": "ben", "password": "x", field: text}).full_clean()
    alice.first_name, alice.last_name = text, ""
    assert alice.name == alice.username
    client.post(
        "/accounts/signup/",
        {
            "username": text,
            "email": "n@example.org",
            "password1": "a-3-b-9-c",
            "password2": "a-3-b-9-c",
        },
    )
    assert not User.objects.filter(email="n@example.org").exists()


def test_the_first_line_keeps_its_indentation(alice: User, lobby: Room) -> None:
    said = messages.post_message(Post(alice, "lobby", "\r\n  \n    def f():\n        pass\n\n "))
    assert said["body"] == "    def f():\n        pass"
    assert said["html"] == "<pre><code>def f():\n    pass\n</code></pre>"


def test_the_longest_message_is_counted_in_characters(
    caller: Any, alice: User, lobby: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"message_characters": 20})
    alices = caller(alice)
    assert alices.post("rooms/lobby/messages", {"body": "😀" * 20}).status_code == 201
    assert alices.post("rooms/lobby/messages", {"body": "😀" * 21}).data["code"] == "too_long"

    async def test() -> None:
        ana = await Client.connect(alice)
        assert (await ana.say("lobby", "😀" * 20))["type"] == "sent"
        assert (await ana.say("lobby", "😀" * 21))["code"] == "too_long"
        assert (await ana.say("lobby", "/job " + "x" * 16))["code"] == "too_long"

    run(test)


def test_long_and_short_messages_of_a_connection_keep_their_order(alice: User, lobby: Room) -> None:
    bodies = [
        f"{number} "
        + ("*long* " * RENDERED_APART_CHARACTERS if number % 3 == 0 else "short")[:9_000]
        for number in range(12)
    ]

    async def test() -> None:
        ana = await Client.connect(alice)
        fields = [
            {"room": "lobby", "body": body, "client_id": str(uuid.uuid4())} for body in bodies
        ]
        answers = await asyncio.gather(*[ana.call("send", **each) for each in fields])
        seqs = [answer["seq"] for answer in answers]
        assert seqs == sorted(seqs)

    run(test)
    said = Message.objects.order_by("seq").values_list("body", flat=True)
    assert list(said) == [body.rstrip() for body in bodies]


def test_a_message_that_cannot_be_written_is_refused_alone_and_for_good(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = messages.post_messages

    def failing(posts: list[Post]) -> Any:
        if any(post.body == "poison" for post in posts):
            raise SystemExit("whatever it may be")
        return write(posts)

    monkeypatch.setattr(messages, "post_messages", failing)

    async def test() -> None:
        ana = await Client.connect(alice)
        for _ in range(2):
            said = ["one", "poison", "two", "x" * 2 * RENDERED_APART_CHARACTERS]
            answers = await asyncio.gather(*[ana.say("lobby", body) for body in said])
            assert [answer["type"] for answer in answers] == ["sent", "error", "sent", "sent"]
            assert answers[1]["code"] == "invalid"
            assert answers[1]["temporary"] is False

    run(test)


def test_an_answer_has_room_for_any_message(alice: User) -> None:
    for piece in (*hostile.pieces(), "\x01", '"', "\\", '"\\', "漢", "😀", "a.co ", "a@b.co "):
        for length in (5, 40, 400, 10_000):
            try:
                post = Post(alice, "lobby", hostile.text(piece, length)).checked()
            except Invalid:
                continue
            assert len(encode({"body": post.body, "html": post.html})) <= 30 + answer_bytes(length)
