"""A site behind each of the proxies of deploy/, as they are configured there."""

import asyncio
import json
import ssl
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect

from tests.support import proxies
from tests.support.site import Site

MADE_UP = "203.0.113.9"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    settings = {
        "ALLOWED_HOSTS": proxies.NAME,
        "CSRF_TRUSTED_ORIGINS": f"https://{proxies.NAME}",
        "HTTPS": "true",
        "PARLEY_TRUSTED_PROXIES": "1",
    }
    with Site(env=settings, parts=("web",)) as site:
        site.room("lobby", "alice")
        yield site


async def say(port: int, bearer: dict[str, str]) -> dict[str, object]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with connect(
        f"wss://{proxies.NAME}:{port}/ws/",
        host="127.0.0.1",
        port=port,
        ssl=trusting,
        additional_headers={**bearer, "X-Forwarded-For": MADE_UP},
        proxy=None,
    ) as socket:

        async def told() -> list[dict[str, object]]:
            """What a frame holds: a message, or a list of them."""
            frame = json.loads(await socket.recv())
            return frame if isinstance(frame, list) else [frame]

        assert (await told())[0]["type"] == "hello"
        command = {"id": 1, "type": "send", "room": "lobby", "body": "through it"}
        client_id = "0d9b8bb6-2c4c-4d5e-9f63-0d3c0c7e3f11"
        await socket.send(json.dumps({**command, "client_id": client_id}))
        while True:
            for each in await told():
                if each.get("id") == 1:
                    return each


@pytest.mark.parametrize("kind", ["nginx", "caddy", "haproxy"])
def test_a_site_behind_it(site: Site, kind: str) -> None:
    if proxies.program(kind) is None or proxies.program("openssl") is None:
        pytest.skip(f"{kind} or openssl is not installed")
    alice = site.user("alice")
    with proxies.in_front_of(site.port, kind) as front, proxies.client(front.port) as browser:
        # Who comes without HTTPS is sent on.
        with proxies.client(front.port) as plain:
            moved = plain.get(f"{front.http}/rooms/", headers={"Host": proxies.NAME})
            assert moved.status_code in (301, 308)
            assert moved.headers["Location"].startswith(f"https://{proxies.NAME}")
        page = browser.get("/accounts/login/")
        assert page.status_code == 200
        assert "Strict-Transport-Security" in page.headers
        assert "secure" in page.headers["Set-Cookie"].lower()
        # Logging in needs the right origin.
        token = browser.cookies["csrftoken"]
        entered = browser.post(
            "/accounts/login/",
            data={
                "login": "alice",
                "password": alice.password,
                "csrfmiddlewaretoken": token,
            },
            headers={
                "Referer": f"https://{proxies.NAME}/accounts/login/",
                "Cookie": f"csrftoken={token}",
            },
        )
        assert entered.status_code == 302, entered.text
        # More than nginx' own bound, and less than ours.
        upload = browser.post(
            "/api/v1/rooms/lobby/uploads",
            files={"file": ("large", b"x" * (3 * 2**20), "application/octet-stream")},
            headers=alice.bearer,
        )
        assert upload.status_code == 201, upload.text
        assert asyncio.run(say(front.port, alice.bearer))["type"] == "sent"
        # What a client says of itself is not believed.
        used = "list(ApiToken.objects.values_list('used_from', flat=True))"
        assert site.ask(used) == ["127.0.0.1"]
