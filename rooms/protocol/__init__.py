"""The socket protocol, version 1. Pure: no I/O, no Django.

These types are its one definition: what a client may send is validated by them, and
`docs/asyncapi.json` and the tables of `docs/protocol.md` are made of them (`rooms.contract`).
What the server sends is made of plain dicts, because it is written a hundred thousand times a
second; a test holds all of it to the types.

    commands    what a client asks for
    answers     what it is told in return, and about its connection
    events      what it is told about rooms
    shapes      what both carry: a person, a message, a member
    refusals    why one command was not carried out
    closes      why a connection ends
    encoding    how all of it is written

A `Refusal` is the answer to one command and leaves the connection as it is; a `Close` ends the
connection. The two never mix.
"""

from .closes import (
    ACCESS_WITHDRAWN,
    BROKEN,
    CLOSES,
    DISCONNECTED,
    FLOODING,
    NOT_LOGGED_IN,
    OVERLOADED,
    RESTARTING,
    RESTORED,
    TOO_MANY_CONNECTIONS,
    TOO_SLOW,
    Close,
)
from .commands import Command, GivenEpoch, Id, Ping, Send, Seq, Slug, Subscribe, Typing, Unsubscribe
from .encoding import encode, encode_event, frame, time_of
from .refusals import (
    ERRORS,
    Busy,
    Conflict,
    ErrorCode,
    Forbidden,
    Invalid,
    NotFound,
    NotSubscribed,
    RateLimited,
    Refusal,
    invalid,
    problems,
)

PROTOCOL = 1

__all__ = [
    "ACCESS_WITHDRAWN",
    "BROKEN",
    "CLOSES",
    "DISCONNECTED",
    "ERRORS",
    "FLOODING",
    "NOT_LOGGED_IN",
    "OVERLOADED",
    "PROTOCOL",
    "RESTARTING",
    "RESTORED",
    "TOO_MANY_CONNECTIONS",
    "TOO_SLOW",
    "Busy",
    "Close",
    "Command",
    "Conflict",
    "ErrorCode",
    "Forbidden",
    "GivenEpoch",
    "Id",
    "Invalid",
    "NotFound",
    "NotSubscribed",
    "Ping",
    "RateLimited",
    "Refusal",
    "Send",
    "Seq",
    "Slug",
    "Subscribe",
    "Typing",
    "Unsubscribe",
    "encode",
    "encode_event",
    "frame",
    "invalid",
    "problems",
    "time_of",
]
