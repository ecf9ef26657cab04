"""Errors that end the connection, each with the code that the socket is closed with."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Close:
    """Why a connection ends. 4000–4499 come back, 4500–4999 do not."""

    code: int
    reason: str
    retry_in: float | None = None

    @property
    def reconnect(self) -> bool:
        return self.code < 4500

    def bye(self, epoch: str) -> dict[str, Any]:
        """What is said before the close. `epoch` is that of the positions which hold from now."""
        return {
            "type": "bye",
            "code": self.code,
            "reason": self.reason,
            "reconnect": self.reconnect,
            "retry_in": self.retry_in,
            "epoch": epoch,
        }


BROKEN = Close(4000, "Something went wrong here; it is logged.", 1.0)
RESTARTING = Close(4001, "The server is restarting.", 1.0)
RESTORED = Close(4002, "The database was put back: load everything anew.", 1.0)
DISCONNECTED = Close(4005, "An administrator ended this connection.", 1.0)
TOO_SLOW = Close(4008, "The connection took nothing for too long.", 1.0)
OVERLOADED = Close(4013, "The server is overloaded.", 5.0)
NOT_LOGGED_IN = Close(4501, "Log in first.")
ACCESS_WITHDRAWN = Close(4503, "Access was withdrawn.")
FLOODING = Close(4509, "Too many commands, too often.")
TOO_MANY_CONNECTIONS = Close(4510, "Too many connections.")

# What a client does about each.
CLOSES: dict[Close, str] = {
    BROKEN: "Come back and resume.",
    RESTARTING: "Come back after `retry_in` and resume; each client is given a time of its own.",
    RESTORED: "Come back after `retry_in` and subscribe as always: the epoch is another one, so the"
    " answer is `recovered: false`. What was seen may never have happened.",
    DISCONNECTED: "Come back and resume.",
    TOO_SLOW: "Come back and resume; read faster, or subscribe to less.",
    OVERLOADED: "Come back after `retry_in` and resume.",
    NOT_LOGGED_IN: "Get a session or a token that is valid, then connect again.",
    ACCESS_WITHDRAWN: "The token was revoked or the session has ended: get another one.",
    FLOODING: "Send less: the limits are in `hello`. Connecting again by itself makes it worse.",
    TOO_MANY_CONNECTIONS: "Close another connection of this user first.",
}
