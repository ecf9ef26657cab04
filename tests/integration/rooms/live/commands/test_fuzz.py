"""Frames of any kind: each is answered, by an error at worst; the connection and the data stay.

Long, by hand:
`pytest tests/integration/rooms/live/commands/test_fuzz.py --hypothesis-profile=long`.
"""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.live.commands import registry as commands
from rooms.models import Event, Message, Room, User
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = (
    "room", "after", "body", "client_id", "reply_to", "seq", "kind", "params", "job", "message",
    "emoji", "priority", "run_at",
)  # fmt: skip
UUID = "6a1c8f0e-8f67-4f0e-9d11-2f1f6d1b7a%02x"

numbers = st.one_of(
    st.integers(-(2**80), 2**80), st.floats(), st.sampled_from([2**53, 2**63 - 1, 2**63, 2**64])
)
texts = st.one_of(
    st.text(st.characters(categories=None), max_size=40),
    st.sampled_from(
        ["lobby", "den", "", "\0", "\ud800", "💥" * 20, "../x", "/job", "/me x", "x" * 10_001]
    ),
    st.integers(0, 255).map(lambda n: UUID % n),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
right = {
    "room": st.sampled_from(["lobby", "den", "nowhere"]),
    "client_id": st.integers(0, 255).map(lambda n: UUID % n),
    "body": texts,
    "seq": st.integers(0, 2**53),
    "after": st.integers(0, 2**53),
}


@st.composite
def command(draw: st.DrawFn) -> str:
    """A command of a known type, its fields right or wrong."""
    body: dict[str, Any] = {"type": draw(st.sampled_from(sorted(commands.registry)))}
    for field in FIELDS:
        if draw(st.booleans()):
            wrong = draw(st.integers(0, 3)) == 0
            body[field] = draw(values if wrong or field not in right else right[field])
    if draw(st.booleans()):
        body["id"] = draw(values)
    return json.dumps(body)


frames = st.one_of(
    command().map(lambda text: {"text": text}),
    values.map(lambda value: {"text": json.dumps(value)}),
    st.text(st.characters(categories=None)).map(lambda text: {"text": text}),
    st.integers(1, 30_000).map(lambda depth: {"text": "[" * depth + "]" * depth}),
    st.integers(1, 9_000).map(lambda depth: {"text": '{"a":' * depth + "1" + "}" * depth}),
    st.integers(300, 5_000).map(lambda digits: {"text": '{"id": %s}' % ("9" * digits)}),
    # What the server makes of bytes that are not UTF-8.
    st.binary(max_size=40).map(lambda data: {"text": data.decode("utf-8", "surrogateescape")}),
    st.binary(max_size=40).map(lambda data: {"bytes": data}),
)


def test_any_frame_is_answered_and_the_connection_stays(
    alice: User, bob: User, lobby: Room, den: Room
) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")

        async def tell(frame: dict[str, Any]) -> None:
            seen = len(ana.seen)
            await ana.raw(**frame)
            assert (await ana.call("ping"))["type"] == "pong"
            for each in ana.seen[seen:]:
                assert each.get("code") != "internal", each

        @given(frames)
        def any_frame(frame: dict[str, Any]) -> None:
            asyncio.run_coroutine_threadsafe(tell(frame), loop).result()

        await asyncio.to_thread(any_frame)
        ben = await Client.connect(bob)
        said = await ben.say("lobby", "everything is as it was")
        assert said["type"] == "sent"

    run(test)
    for room in Room.objects.all():
        seqs = list(Event.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, room.last_seq + 1))
        assert Message.objects.filter(room=room).count() == room.message_count
