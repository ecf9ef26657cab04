"""Where a connection comes from, for the people who run the site."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rooms.http.client_address import client_address
from rooms.http.request_address import of_scope

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
    """`address` is the other end of the connection; `forwarded` the client's, when trusted proxies
    stand between. `agent` is what the client says of itself. `since` is Unix time."""

    address: str = ""
    forwarded: str = ""
    agent: str = ""
    since: float = field(default_factory=time.time)

    @property
    def client(self) -> str:
        """The client's address, as far as it is known."""
        return self.forwarded or self.address

    @classmethod
    def of(cls, scope: Mapping[str, Any], headers: Mapping[str, str]) -> Origin:
        """From an ASGI scope, and its headers as `headers_of` finds them."""
        client = scope.get("client") or [""]
        peer = client_address(str(client[0]), "", 0)
        real = of_scope(scope)
        return cls(
            address=peer,
            forwarded=real if real != peer else "",
            agent=headers.get("user-agent", "")[:AGENT_CHARACTERS],
        )
