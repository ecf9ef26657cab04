"""What a hub does with work that comes too late."""

import asyncio

from rooms.live.node import Node


def test_nothing_begins_after_the_end() -> None:
    """A timer may still ask for work then; it would run on without a database."""

    async def look() -> list[str]:
        began: list[str] = []

        async def work() -> None:
            began.append("work")

        hub = Node(asyncio.get_running_loop()).hub
        hub.spawn(work())
        await asyncio.sleep(0)
        await hub.stop()
        hub.spawn(work())
        await asyncio.sleep(0)
        return began

    assert asyncio.run(look()) == ["work"]
