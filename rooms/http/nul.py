"""The NUL character in an address or in a cookie.

Nothing of this site has one, and PostgreSQL takes none in any text, be it one that is only looked
for: each would be a fault of the server, some of them before a log-in. Forms and JSON refuse it by
themselves.
"""

from collections.abc import Awaitable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from .middleware import GetResponse


def take_out(request: HttpRequest) -> None:
    """Nothing is at a path with one. In a parameter it is a blank, but for REST, which says by
    itself what is wrong; and a cookie with one is none."""
    if "\0" in request.path_info:
        raise Http404
    query = request.META.get("QUERY_STRING", "")
    if "%00" in query and not request.path_info.startswith("/api/"):
        request.META["QUERY_STRING"] = query.replace("%00", "%20")
    # In a header it can only stand escaped.
    if "\\000" in request.META.get("HTTP_COOKIE", ""):
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]


class NulMiddleware:
    """Before everything that asks the database, the session first of all. Runs on the event loop or
    in a thread, as the server does, without a hop of its own."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        take_out(request)
        return self.get_response(request)
