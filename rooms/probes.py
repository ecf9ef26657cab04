"""`/healthz`, `/readyz` and `/metrics`, answered whatever host the request names: probes ask a
process by its address, which is no name of the site. They say nothing that a wrong host could
spoil. A middleware, before everything that looks at the host.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from asgiref.sync import (
    async_to_sync,
    iscoroutinefunction,
    markcoroutinefunction,
    sync_to_async,
)
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

from rooms.http.middleware import GetResponse

PATHS = ("/healthz", "/readyz", "/metrics")


class ProbeMiddleware:
    """Runs on the event loop or in a thread, as the server does."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.on_loop = iscoroutinefunction(get_response)
        if self.on_loop:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path_info not in PATHS:
            return self.get_response(request)
        view: Any = resolve(request.path_info).func
        if self.on_loop and not iscoroutinefunction(view):
            return sync_to_async(view, thread_sensitive=True)(request)
        if not self.on_loop and iscoroutinefunction(view):
            view = async_to_sync(view)
        answer: HttpResponseBase | Awaitable[HttpResponseBase] = view(request)
        return answer
