"""Who may open a socket from a browser: the cookie and the origin are read as Django reads them for
pages, whatever else a request brings."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client as Browser
from django.test import RequestFactory

from rooms.features.tokens import actions as tokens
from rooms.live import applications
from rooms.live.commands.consumer import SocketConsumer
from rooms.live.commands.origin_rule import origin_allowed
from rooms.live.delivery.origin import headers_of
from rooms.live.node import Node
from rooms.models import Room, User
from rooms.protocol import ACCESS_WITHDRAWN
from tests.support.sockets import PATIENCE, Client, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(alice: User) -> str:
    browser = Browser()
    browser.force_login(alice, "allauth.account.auth_backends.AuthenticationBackend")
    assert browser.session[SESSION_KEY]
    return browser.cookies["sessionid"].value


NEIGHBOURS = [
    'prefs={"theme":"dark","x":[1,2]}; %s',
    "no value; %s",
    '%s; prefs={"a":"b"}',
    "a=b=c; =; ;;; %s",
    "sid@x=1; (bad)=2; %s",
    'q="unclosed; %s',
    "café=crème; %s",
    "%s;",
    "x=\x01; %s",
]


@pytest.mark.parametrize("cookie", NEIGHBOURS)
def test_other_programs_cookies_log_nobody_out(alice: User, session: str, cookie: str) -> None:
    async def test() -> None:
        ana = await Client.connect(alice, cookie=cookie % f"sessionid={session}", host="localhost")
        hello = await ana.find(lambda each: each["type"] == "hello")
        assert hello["user"]["id"] == alice.pk

    run(test)


def test_cookies_on_several_lines_are_all_read(alice: User, session: str) -> None:
    for lines in (["other=1", f"sessionid={session}"], [f"sessionid={session}", "other=1"]):

        async def test(lines: list[str] = lines) -> None:
            headers = [(b"cookie", line.encode()) for line in lines] + [(b"host", b"localhost")]
            socket = WebsocketCommunicator(SocketConsumer.as_asgi(), "/ws/", headers=headers)
            await socket.send_input({"type": "websocket.connect"})
            assert (await socket.receive_output(PATIENCE))["type"] == "websocket.accept"
            assert "hello" in (await socket.receive_output(PATIENCE))["text"]
            await socket.send_input({"type": "websocket.disconnect", "code": 1000})
            await socket.wait(PATIENCE)

        run(test)


ORIGINS = [
    ({"host": "localhost"}, "http://localhost", True),
    ({"host": "localhost:8000"}, "http://localhost:8000", True),
    ({"host": "localhost"}, "http://localhost:8443", False),
    ({"host": "localhost"}, "https://localhost", False),
    ({"host": "localhost", "x-forwarded-proto": "https"}, "https://localhost", True),
    ({"host": "localhost", "x-forwarded-proto": "https"}, "http://localhost", False),
    ({"host": "localhost"}, "null", False),
    ({"host": "localhost"}, "", False),
    ({"host": "localhost"}, "http://[", False),
    ({"host": "evil.example"}, "http://evil.example", False),
    ({"host": "localhost"}, "https://chat.example.org", True),
    ({"host": "localhost"}, "http://chat.example.org", False),
    ({"host": "localhost"}, "https://a.example.net", True),
    ({"host": "localhost"}, "https://a.b.example.net", True),
    ({"host": "localhost"}, "https://example.net.evil.example", False),
    ({"host": "localhost"}, "https://badexample.net", False),
    ({"host": "localhost", "x-forwarded-host": "localhost:8443"}, "http://localhost:8443", True),
    ({"host": "localhost", "x-forwarded-host": "evil.example"}, "http://evil.example", False),
]


@pytest.mark.parametrize(("headers", "origin", "allowed"), ORIGINS)
def test_sockets_and_forms_have_one_rule(
    settings: Any, headers: dict[str, str], origin: str, allowed: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://chat.example.org", "https://*.example.net"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.USE_X_FORWARDED_HOST = True
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    encoded.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "path": "/ws/", "query_string": b"", "headers": encoded}
    assert origin_allowed(scope, headers_of(scope)) is allowed
    named: dict[str, Any] = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()
    }
    form = RequestFactory().post("/", HTTP_ORIGIN=origin, **named)
    assert passes_as_form(form) is allowed


def passes_as_form(request: HttpRequest) -> bool:
    """Whether a form's origin is taken; its token is another matter."""
    seen: list[str] = []

    class Middleware(CsrfViewMiddleware):
        def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
            seen.append(reason)
            return HttpResponse(status=403)

    view: Callable[[HttpRequest], HttpResponse] = lambda request: HttpResponse()  # noqa: E731
    Middleware(view).process_view(request, view, (), {})
    return not any("Origin checking failed" in reason for reason in seen)


@pytest.mark.parametrize("path", ["/", "/ws//", "/wsx", "/ws/more", "/admin/", "/ws/%00"])
def test_there_is_no_socket_elsewhere(path: str) -> None:
    async def test() -> None:
        socket = WebsocketCommunicator(applications.sockets, path)
        await socket.send_input({"type": "websocket.connect"})
        assert await socket.receive_output(PATIENCE) == {"type": "websocket.close"}
        await socket.wait(PATIENCE)

    asyncio.run(test())


def test_a_slash_more_or_less_at_its_end_makes_no_difference(alice: User) -> None:
    async def test() -> None:
        for path in ("/ws", "/ws/"):
            socket = WebsocketCommunicator(applications.sockets, path)
            await socket.send_input({"type": "websocket.connect"})
            assert (await socket.receive_output(PATIENCE))["type"] == "websocket.accept"
            await socket.send_input({"type": "websocket.disconnect", "code": 1000})
            await socket.wait(PATIENCE)

    run(test)


def test_a_server_that_tells_of_its_end_has_everybody_sent_away(alice: User, lobby: Room) -> None:
    async def test() -> None:
        life = ApplicationCommunicator(applications.lifespan, {"type": "lifespan"})
        await life.send_input({"type": "lifespan.startup"})
        assert (await life.receive_output(PATIENCE))["type"] == "lifespan.startup.complete"
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        await life.send_input({"type": "lifespan.shutdown"})
        assert await ana.closed() == 4001
        bye = next(each for each in ana.seen if each["type"] == "bye")
        assert bye["reconnect"] and bye["retry_in"] > 0
        await ana.leave()
        assert (await life.receive_output(PATIENCE))["type"] == "lifespan.shutdown.complete"
        assert Node.running_here() is None

    run(test)


def test_a_server_that_served_nobody_ends_at_once() -> None:
    async def test() -> None:
        life = ApplicationCommunicator(applications.lifespan, {"type": "lifespan"})
        for kind in ("startup", "shutdown"):
            await life.send_input({"type": f"lifespan.{kind}"})
            assert (await life.receive_output(PATIENCE))["type"] == f"lifespan.{kind}.complete"

    asyncio.run(test())


def test_a_close_is_sent_while_nobody_receives_and_the_application_ends(alice: User) -> None:
    """Some servers send none before, and keep the socket open until then."""

    async def turned_away(headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        waiting: list[int] = []
        asked = 0

        async def receive() -> dict[str, Any]:
            nonlocal asked
            asked += 1
            if asked == 1:
                return {"type": "websocket.connect"}
            waiting.append(1)
            try:
                never: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
                return await never
            finally:
                waiting.pop()

        async def send(message: Any) -> None:
            if message["type"] == "websocket.close":
                assert not waiting, "somebody waits to receive"
            sent.append(message)
            if "hello" in message.get("text", ""):
                node = await Node.current()
                for connection in list(node.hub.connections):
                    asyncio.get_running_loop().call_later(0.1, connection.close, ACCESS_WITHDRAWN)

        scope = {"type": "websocket", "path": "/ws/", "query_string": b"", "headers": headers}
        async with asyncio.timeout(PATIENCE):
            await SocketConsumer.as_asgi()(scope, receive, send)
        return sent

    async def test() -> None:
        wrong = [(b"authorization", b"Bearer parley_wrong")]
        assert (await turned_away(wrong))[-1]["code"] == 4501
        token = await sync_to_async(tokens.create_token)(alice, "test")
        right = [(b"authorization", f"Bearer {token}".encode())]
        assert (await turned_away(right))[-1]["code"] == 4503

    run(test)
