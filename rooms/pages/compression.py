"""Compresses pages and JSON answers. Static files come compressed already; files that people have
put in, and streams, go out as they are."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = ("text/html", "application/json", "application/problem+json")


class CompressPages(GZipMiddleware):
    """Django's, which adds bytes at random so that lengths tell nothing of what is inside."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith(
            COMPRESSED
        ):
            return response
        return super().process_response(request, response)
