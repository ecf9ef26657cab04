"""What middlewares share that run on the event loop or in a thread, as the server does."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class ResponseMiddleware:
    """Changes responses by `finished`, without a thread of its own: that must not block."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.get_response(request)
        if isawaitable(response):
            return self._later(request, response)
        return self.finished(request, response)

    async def _later(
        self, request: HttpRequest, response: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        return self.finished(request, await response)

    def finished(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """What is sent instead of `response`."""
        raise NotImplementedError
