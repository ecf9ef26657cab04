"""What a ringer sends of what it was given while it was busy."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rooms.core import bell, event_bells
from rooms.core import ringer as ringing
from rooms.core.ringer import Ringer
from rooms.live.delivery.sendbuffer import SendBuffer


class Layer:
    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))


def rung(monkeypatch: pytest.MonkeyPatch, *given: tuple[int, int, list[bytes]]) -> list[Any]:
    """The bells of one round: first, last and events of each."""
    layer = Layer()
    monkeypatch.setattr(ringing, "get_channel_layer", lambda: layer)

    async def ring() -> None:
        ringer = Ringer(asyncio.get_running_loop())

        def put(ringer: Ringer) -> None:
            for run in given:
                ringer.put_events(event_bells.EventRun(*run))

        ringer.post(put)
        async with asyncio.timeout(10):
            while not any(each["type"] == "events" for _, each in layer.sent):
                await asyncio.sleep(0)
        await ringer.rest()

    asyncio.run(ring())
    # What other tests left behind may be sent meanwhile.
    sent = [each for _, each in layer.sent if each["type"] == "events"]
    return [(each["first"], each["last"], each["events"]) for each in sent]


def test_what_follows_on_goes_in_one_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = rung(monkeypatch, (1, 7, [b"7"]), (1, 8, [b"8", b"9"]))
    assert sent == [(7, 9, [b"7", b"8", b"9"])]


def test_events_between_which_another_process_wrote_stay_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one bell, the later ones would be told at the places of what lies between."""
    sent = rung(monkeypatch, (1, 7, [b"7"]), (1, 9, [b"9"]), (1, 10, [b"10"]))
    assert sent == [(7, 7, [b"7"]), (9, 10, [b"9", b"10"])]


def test_events_that_come_late_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = rung(monkeypatch, (1, 8, [b"8"]), (1, 7, [b"7"]))
    assert sent == [(8, 8, [b"8"]), (7, 7, [b"7"])]


def notes(monkeypatch: pytest.MonkeyPatch, *calls: Callable[[], None]) -> list[dict[str, Any]]:
    """The messages of what is not kept, as they go out of a process."""
    layer = Layer()
    monkeypatch.setattr(ringing, "get_channel_layer", lambda: layer)

    async def ring() -> None:
        ringer = Ringer(asyncio.get_running_loop())
        ringing.attach(ringer)
        try:
            for call in calls:
                call()
            async with asyncio.timeout(10):
                while not layer.sent:
                    await asyncio.sleep(0)
            await ringer.rest()
        finally:
            ringing.detach(ringer)

    asyncio.run(ring())
    return [each for _, each in layer.sent if each["type"] in ("whisper", "personal")]


def test_the_same_fact_of_two_rooms_is_two_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow socket in both keeps both."""
    sent = notes(
        monkeypatch,
        lambda: bell.whisper(1, "typing:5", {"type": "typing", "room": "one"}),
        lambda: bell.whisper(2, "typing:5", {"type": "typing", "room": "two"}),
        lambda: bell.tell(5, "read:5", {"type": "read", "room": "one"}, 1),
        lambda: bell.tell(5, "read:5", {"type": "read", "room": "two"}, 2),
        lambda: bell.tell(5, "welcome", {"type": "welcome"}),
    )
    buffer = SendBuffer(10_000)
    for message in sent:
        buffer.put_ephemeral(message["key"], message["data"])
    assert len(buffer.take(10_000)) == 5
    assert buffer.shed == 0


def test_the_last_value_of_a_fact_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    (sent,) = notes(
        monkeypatch,
        lambda: bell.whisper(1, "read:5", {"type": "read", "seq": 1}),
        lambda: bell.whisper(1, "read:5", {"type": "read", "seq": 2}),
    )
    assert sent["key"] == bell.fact(1, "read:5")
    assert b'"seq":2' in sent["data"]
