"""Nothing that was made for one person stays in a browser's store or in a proxy.

Whatever does not say for itself how long it may be kept is kept by nobody: behind the log-in nearly
everything is private, and a page kept for later would be shown after logging out, or after a ban.
Static files are answered before this.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from rooms.http.middleware import ResponseMiddleware


class PrivateMiddleware(ResponseMiddleware):
    def finished(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response
