"""What Kombu's Redis transport leaves without a time limit. Used by `config.celery`.

A worker reads its subscription to remote control (`celery inspect`) with redis-py's blocking read,
which no `socket_timeout` bounds and which connects again inside: behind a switch that accepts a
connection and then says nothing, the worker's only loop waited there for ever. Everything else goes
by the timeouts in the settings.
"""

from functools import cached_property, partial
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Channel, SentinelChannel, SentinelTransport, Transport

# The loop reads a subscription when something has come: it is there, or the connection is new.
SUBSCRIPTION_READ_SECONDS = 1.0


class _TimedReads:
    @cached_property
    def subclient(self) -> Any:
        client = super().subclient  # type: ignore[misc]
        client.parse_response = partial(
            client.parse_response, block=False, timeout=SUBSCRIPTION_READ_SECONDS
        )
        return client


class TimedChannel(_TimedReads, Channel):
    """A channel whose every read has a limit."""


class TimedSentinelChannel(_TimedReads, SentinelChannel):
    """The same, by way of Sentinels."""


class TimedTransport(Transport):
    Channel = TimedChannel


class TimedSentinelTransport(SentinelTransport):
    Channel = TimedSentinelChannel


def install() -> None:
    """Have Kombu use these for every address of a Redis."""
    for alias in ("redis", "rediss"):
        TRANSPORT_ALIASES[alias] = f"{__name__}:{TimedTransport.__name__}"
    TRANSPORT_ALIASES["sentinel"] = f"{__name__}:{TimedSentinelTransport.__name__}"


def unanswered_seconds(connection: Any) -> float:
    """How long the longest request for the next message has waited for the broker; 0 where nobody
    knows. From the worker's loop alone. A living Redis answers each within a second or so, with a
    message or without."""
    channels = getattr(getattr(connection, "transport", None), "channels", None) or ()
    asked = [
        channel._brpop_sent_at
        for channel in channels
        if getattr(channel, "_in_poll", None) and getattr(channel, "_brpop_sent_at", None)
    ]
    return monotonic() - min(asked) if asked else 0.0
