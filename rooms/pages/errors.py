"""What a page that is not there, or not allowed, looks like. Named in `config.urls`.

Who is logged in keeps the list of rooms beside it: from there one goes on.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rooms.models import User

from . import page_state


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token that this page gave: it was open for too long, or came from
    elsewhere."""
    return render(request, "403_csrf.html", status=403)


def _page(request: HttpRequest, status: int) -> HttpResponse:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return render(request, f"{status}.html", status=status)
    context = {"state": page_state.of_person(user), "status": status}
    return render(request, "rooms/error.html", context, status=status)
