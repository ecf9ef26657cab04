"""One thread for a request, whatever its middlewares are."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from rooms.http import handler

SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/here",
    "raw_path": b"/here",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
}
seen: list[tuple[str, int]] = []


def note(what: str) -> None:
    seen.append((what, threading.get_ident()))


class First(MiddlewareMixin):
    """As Django's own are."""

    def process_request(self, request: HttpRequest) -> None:
        note("first")

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        note("last")
        return response


class Second(MiddlewareMixin):
    def process_view(self, request: HttpRequest, *view: Any) -> None:
        note("view")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return HttpResponse(f"caught {error}")


def here(request: HttpRequest) -> HttpResponse:
    note("here")
    if request.GET:
        raise ValueError("it")
    return HttpResponse("here")


urlpatterns = [path("here", here)]


async def ask(application: Any, query: bytes = b"") -> dict[str, Any]:
    asked = ApplicationCommunicator(application, {**SCOPE, "query_string": query})
    await asked.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await asked.receive_output(5)
    body = await asked.receive_output(5)
    await asked.wait(5)
    return {**start, **body}


@pytest.fixture
def application(settings: Any) -> Any:
    seen.clear()
    own = [f"{__name__}.First", f"{__name__}.Second"]
    settings.MIDDLEWARE_ON_LOOP = ["django.middleware.security.SecurityMiddleware"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE_ON_LOOP, *own]
    settings.ROOT_URLCONF = __name__
    return handler.OneThreadHandler()


def test_all_that_needs_a_thread_has_the_same_one(application: Any) -> None:
    answer = asyncio.run(ask(application))
    assert (answer["status"], answer["body"]) == (200, b"here")
    assert [what for what, _ in seen] == ["first", "view", "here", "last"]
    assert len({thread for _, thread in seen}) == 1
    assert threading.get_ident() not in {thread for _, thread in seen}
    headers = dict(answer["headers"])
    assert headers[b"X-Content-Type-Options"] == b"nosniff", "the one on the loop has run"


def test_exceptions_are_handled_as_ever(application: Any) -> None:
    answer = asyncio.run(ask(application, b"x=1"))
    assert (answer["status"], answer["body"]) == (200, b"caught it")


def test_a_redirect_of_the_first_one_asks_nobody_else(application: Any, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = asyncio.run(ask(handler.OneThreadHandler()))
    assert answer["status"] == 301
    assert not seen


def test_another_list_is_taken_as_it_is(settings: Any) -> None:
    seen.clear()
    settings.MIDDLEWARE = [f"{__name__}.First"]
    settings.ROOT_URLCONF = __name__
    answer = asyncio.run(ask(handler.OneThreadHandler()))
    assert answer["status"] == 200 and [what for what, _ in seen] == ["first", "here", "last"]
