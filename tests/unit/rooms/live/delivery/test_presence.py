"""Presence on the loop that the server runs on, whose timers are not asyncio's own."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from rooms.live.delivery.presence import Presence


@pytest.mark.parametrize("first", [0, 1])
def test_a_round_that_is_due_is_not_put_off(first: float) -> None:
    uvloop = pytest.importorskip("uvloop")
    begun: list[bool] = []

    async def test() -> None:
        hub: Any = SimpleNamespace(node=SimpleNamespace(loop=asyncio.get_running_loop()))
        presence = Presence(hub)
        presence._begin = lambda: begun.append(True)  # type: ignore[method-assign]
        presence._soon(first)
        presence._soon(0)
        presence._soon(60)
        async with asyncio.timeout(10):
            while not begun:
                await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())
    assert begun == [True]
