"""How a request goes through Django: what waits or looks at headers on the event loop, and all the
rest in one thread, from the session to the view and back.

Django's own handler goes to a thread and back for each of its middlewares, on the way in and on the
way out, which took a third of the time of a small request. Used by `config.asgi`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import sync_to_async
from django import setup
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware


class SecurityOnLoop(SecurityMiddleware):
    """Django's, without a thread: it looks at the request's address and headers, no more."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.process_request(request)
        if response is None:
            # Of a chain on the loop, as this is only called there.
            response = await self.get_response(request)  # type: ignore[misc]
        answer: HttpResponseBase = self.process_response(request, response)
        return answer


# Known to Django's checks by its own name.
ON_LOOP = {"django.middleware.security.SecurityMiddleware": "rooms.http.handler.SecurityOnLoop"}


class OneThreadHandler(ASGIHandler):
    """`settings.MIDDLEWARE_ON_LOOP` is the beginning of MIDDLEWARE that needs no thread."""

    def load_middleware(self, is_async: bool = False) -> None:
        on_loop = list(settings.MIDDLEWARE_ON_LOOP)
        everything = list(settings.MIDDLEWARE)
        if everything[: len(on_loop)] != on_loop:
            # Somebody has a list of their own: Django's way is right for any.
            super().load_middleware(is_async=is_async)
            return
        in_thread = BaseHandler()
        with _middleware(everything[len(on_loop) :]):
            in_thread.load_middleware(is_async=False)
        self._in_thread: Any = in_thread._middleware_chain  # type: ignore[attr-defined]
        with _middleware([ON_LOOP.get(name, name) for name in on_loop]):
            super().load_middleware(is_async=is_async)

    async def _get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """What the last of the middlewares on the loop calls."""
        chain = getattr(self, "_in_thread", None)
        if chain is None:
            return await super()._get_response_async(request)  # type: ignore[misc,no-any-return]
        answer: HttpResponseBase = await sync_to_async(chain, thread_sensitive=True)(request)
        return answer


@contextmanager
def _middleware(names: list[str]) -> Iterator[None]:
    """While handlers are made, which is before anybody else runs."""
    before = settings.MIDDLEWARE
    settings.MIDDLEWARE = names
    try:
        yield
    finally:
        settings.MIDDLEWARE = before


def application() -> OneThreadHandler:
    """What `get_asgi_application` gives, with this handler."""
    setup(set_prefix=False)
    return OneThreadHandler()
