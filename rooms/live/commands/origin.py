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


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Of an ASGI scope, by their lower-case names. Several lines of one name are one, as Django
    joins them."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers") or ():
        name, value = raw_name.decode("latin1").lower(), raw_value.decode("latin1")
        if name in found:
            value = f"{found[name]}{'; ' if name == 'cookie' else ','}{value}"
        found[name] = value
    return found


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
        headers = headers_of(scope)
        client = scope.get("client") or [""]
        named = headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
        return cls(
            address=str(client[0])[:ADDRESS_CHARACTERS],
            forwarded=named[:ADDRESS_CHARACTERS],
            agent=headers.get("user-agent", "")[:AGENT_CHARACTERS],
        )
