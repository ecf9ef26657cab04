"""Nothing that was made for one person stays in a browser's store or in a proxy.

Whatever does not say for itself how long it may be kept is kept by nobody: behind the log-in nearly
everything is private, and a page kept for later would be shown after logging out, or after a ban.
Static files are answered before this.
"""

from collections.abc import Awaitable, Callable
from inspect import isawaitable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class PrivateMiddleware:
    """Runs on the event loop or in a thread, as the server does, without a hop of its own."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        answer = self.get_response(request)
        return self._later(answer) if isawaitable(answer) else kept_by_nobody(answer)

    async def _later(self, answer: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        return kept_by_nobody(await answer)


def kept_by_nobody(answer: HttpResponseBase) -> HttpResponseBase:
    if "Cache-Control" not in answer:
        answer["Cache-Control"] = "no-store"
    return answer
