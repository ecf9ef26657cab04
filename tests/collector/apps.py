"""Registers the command when Django starts."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

from django.apps import AppConfig

# Modules whose objects a connection is made of.
OURS = ("rooms.", "autobahn.", "daphne.", "twisted.")


def unreachable() -> dict[str, int]:
    """How many objects of which class only the collector would free, set aside or not."""
    gc.unfreeze()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        classes = (type(each) for each in gc.garbage)
        names = (f"{each.__module__}.{each.__qualname__}" for each in classes)
        return dict(Counter(name for name in names if name.startswith(OURS)))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.collect()
        # Not by itself before the next look.
        gc.disable()


class CollectorConfig(AppConfig):
    name = "tests.collector"
    label = "collector"

    def ready(self) -> None:
        from rooms.live.delivery.connection import Connection
        from rooms.protocol import Command
        from rooms.protocol.answers import Ok
        from rooms.slices import Slice, SocketCommand, register

        class Collect(Command):
            """What has been left to the collector."""

        async def collect(connection: Connection, command: Collect) -> dict[str, Any]:
            return {"type": "ok", "unreachable": unreachable()}

        register(
            Slice("collector", commands=[SocketCommand("collector.look", Collect, collect, Ok)])
        )
