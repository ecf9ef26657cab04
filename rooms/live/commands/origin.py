"""Where a connection comes from, for the people who run the site. Said by the client and by
proxies, so nothing is decided by it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ADDRESS_CHARACTERS = 64
AGENT_CHARACTERS = 200


@dataclass(frozen=True)
class Origin:
    """`forwarded` is whom the nearest proxy names as its visitor. `since` is Unix time."""

    address: str = ""
    forwarded: str = ""
    agent: str = ""
    since: float = field(default_factory=time.time)

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Origin:
        """From an ASGI scope."""
        headers = {name: value.decode("latin1") for name, value in scope.get("headers") or ()}
        client = scope.get("client") or [""]
        named = headers.get(b"x-forwarded-for", "").rsplit(",", 1)[-1].strip()
        return cls(
            address=str(client[0])[:ADDRESS_CHARACTERS],
            forwarded=named[:ADDRESS_CHARACTERS],
            agent=headers.get(b"user-agent", "")[:AGENT_CHARACTERS],
        )
