"""What a ringer sends of what it was given while it was busy."""

import asyncio
from typing import Any

import pytest

from rooms.core import bell


class Layer:
    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))


def rung(monkeypatch: pytest.MonkeyPatch, *given: tuple[int, int, list[bytes]]) -> list[Any]:
    """The bells of one round: first, last and events of each."""
    layer = Layer()
    monkeypatch.setattr(bell, "get_channel_layer", lambda: layer)

    async def ring() -> None:
        ringer = bell.Ringer(asyncio.get_running_loop())

        def put(ringer: bell.Ringer) -> None:
            for run in given:
                ringer.put_events(bell.Run(*run))

        ringer.post(put)
        async with asyncio.timeout(10):
            while not layer.sent:
                await asyncio.sleep(0)
        await ringer.rest()

    asyncio.run(ring())
    return [(each["first"], each["last"], each["events"]) for _, each in layer.sent]


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
