"""The port of a proxy that names it beside the host."""

import asyncio
from typing import Any

import pytest

from rooms.http.forwarded_port import ForwardedPort, with_port


@pytest.mark.parametrize(
    ("given", "port", "seen"),
    [
        ({"host": "chat.test"}, "8443", {"host": "chat.test:8443"}),
        ({"host": "[::1]"}, "8443", {"host": "[::1]:8443"}),
        ({"host": "chat.test:9000"}, "8443", {"host": "chat.test:9000"}),
        ({"host": "[::1]:9000"}, "8443", {"host": "[::1]:9000"}),
        ({"host": "chat.test"}, "443", {"host": "chat.test"}),
        ({"host": "chat.test"}, "80", {"host": "chat.test"}),
        ({"host": "chat.test"}, "", {"host": "chat.test"}),
        ({"host": "chat.test"}, "84@evil", {"host": "chat.test"}),
        ({"host": "chat.test"}, "8443, 80", {"host": "chat.test"}),
        ({"host": "chat.test"}, "9" * 5000, {"host": "chat.test"}),
        (
            {"host": "inside", "x-forwarded-host": "chat.test"},
            "8443",
            {"host": "inside", "x-forwarded-host": "chat.test:8443"},
        ),
        ({}, "8443", {}),
    ],
)
def test_a_host_without_a_port_gets_it(
    given: dict[str, str], port: str, seen: dict[str, str]
) -> None:
    headers = [(name.encode(), value.encode()) for name, value in given.items()]
    headers.append((b"x-forwarded-port", port.encode()))
    found = {name.decode(): value.decode() for name, value in with_port(headers)[:-1]}
    assert found == seen


@pytest.mark.parametrize(("proxies", "host"), [(0, b"chat.test"), (1, b"chat.test:8443")])
def test_only_a_proxy_of_ours_is_believed(settings: Any, proxies: int, host: bytes) -> None:
    settings.TRUSTED_PROXIES = proxies
    seen: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    async def test() -> None:
        for kind in ("http", "websocket"):
            headers = [(b"host", b"chat.test"), (b"x-forwarded-port", b"8443")]
            await ForwardedPort(application)({"type": kind, "headers": headers}, None, None)
        await ForwardedPort(application)({"type": "lifespan"}, None, None)

    asyncio.run(test())
    assert [dict(scope["headers"])[b"host"] for scope in seen[:2]] == [host, host]
