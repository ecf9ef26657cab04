"""That somebody types is told now and then, and anew after each message of theirs."""

import pytest

from rooms.core import bell
from rooms.live.commands import session as handlers
from rooms.models import Room, User
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_has_said_something_may_be_told_to_type_again_at_once(
    alice: User, lobby: Room, den: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "TYPING_SECONDS", 3600)
    told: list[str] = []
    monkeypatch.setattr(bell, "whisper", lambda room, key, event: told.append(event["room"]))

    async def test() -> None:
        ana = await Client.connect(alice)

        async def types(room: str) -> int:
            await ana.post("typing", room=room)
            await ana.call("ping")
            return told.count(room)

        for room in ("lobby", "den"):
            await ana.call("subscribe", room=room)
            assert await types(room) == 1
        assert await types("lobby") == 1
        assert (await ana.say("lobby", ""))["code"] == "invalid"
        assert await types("lobby") == 1
        assert (await ana.say("lobby", "there"))["type"] == "sent"
        assert await types("lobby") == 2
        assert await types("lobby") == 2
        assert await types("den") == 1

    run(test)
