"""What a page answers that failed: that the database is away for now, or that something is wrong.

Django calls it for every exception of a page; errors under `/api/` get their form afterwards.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error as default

from rooms.database import trouble


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the database and without the request."""
    error = sys.exc_info()[1]
    reason = trouble.reason(error) if error is not None else None
    if reason is None:
        answer: HttpResponse = default(request)
        return answer
    trouble.noticed(reason)
    page = loader.get_template("503.html").render({"reason": reason})
    answer = HttpResponse(page, status=503)
    answer["Retry-After"] = str(round(trouble.RETRY_AFTER_SECONDS))
    answer["Cache-Control"] = "no-store"
    return answer
