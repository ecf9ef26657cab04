"""How objects and frames are written. A frame is encoded once, for everybody who gets it."""

from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """One JSON object as it stands in a frame."""
    return orjson.dumps(value)


def frame(objects: list[bytes]) -> bytes:
    """A frame is a JSON array of encoded objects."""
    return b"[" + b",".join(objects) + b"]"


def time_of(event: bytes) -> str:
    """The `at` of an encoded durable event."""
    return str(orjson.loads(event)["at"])


def encode_event(room: str, seq: int, at: str, type: str, payload: bytes) -> bytes:
    """A durable event as every subscriber receives it. The encoded payload goes in as it stands."""
    head = encode({"type": type, "room": room, "seq": seq, "at": at})
    return head if payload == b"{}" else head[:-1] + b"," + payload[1:]
