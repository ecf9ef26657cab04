"""The channel layer: a bell is sent and heard."""

import asyncio
from collections.abc import Iterator
from secrets import token_hex
from time import monotonic

from channels.layers import get_channel_layer

from rooms.doctor.findings import Observation, Probe, good, register, wrong

HEARD_SECONDS = 4.0
# One that was subscribed to a moment ago may miss the first.
AGAIN_SECONDS = 0.5


async def round_trip() -> float | None:
    """Seconds from sending to hearing; None: nothing was heard."""
    layer = get_channel_layer()
    channel, group = await layer.new_channel(), f"doctor.{token_hex(8)}"
    await layer.group_add(group, channel)
    until = monotonic() + HEARD_SECONDS
    try:
        while monotonic() < until:
            sent = monotonic()
            await layer.group_send(group, {"type": "doctor"})
            try:
                await asyncio.wait_for(layer.receive(channel), AGAIN_SECONDS)
                return monotonic() - sent
            except TimeoutError:
                continue
        return None
    finally:
        await layer.group_discard(group, channel)


def look() -> Iterator[Observation]:
    took = asyncio.run(round_trip())
    if took is None:
        todo = "May this user PUBLISH and SUBSCRIBE there (ACL)? Does a proxy cut long connections?"
        yield wrong("Bells", "one was sent and not heard", todo)
    else:
        yield good("Bells", f"one was heard after {took * 1000:.0f} ms")


register(Probe("bells", "Redis", look, seconds=8, needs=("migrations", "redis")))
