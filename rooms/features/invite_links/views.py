"""The page behind a link: what one is invited to, and a button to join. Looking never joins."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rooms.core import lookup, policy
from rooms.http import after_login
from rooms.models import InviteLink, User
from rooms.protocol import NotFound, Refusal
from rooms.rest import limits

from . import actions


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, secret: str) -> HttpResponse:
    if isinstance(request.user, User):
        after_login.arrived(request)
    try:
        link = actions.link_behind(secret)
        if not isinstance(request.user, User):
            return _stranger(request, secret)
        if request.method == "POST":
            room, _ = actions.join_by_link(request.user, secret)
            return redirect("rooms:room", room.slug)
        return _shown(request, request.user, link)
    except NotFound:
        return _refused(request)
    except Refusal as refusal:
        return _page(request, refusal.status, refusal=refusal.message)


def _stranger(request: HttpRequest, secret: str) -> HttpResponse:
    """They come back here when they are logged in. Until then nothing of the room is told: a link
    that is shared in a chat is opened by programs, too."""
    path = reverse("rooms:invite", args=[secret])
    if request.method == "POST":
        return redirect_to_login(path)
    after_login.remember(request, path)
    return _page(request, 200, stranger=True)


def _shown(request: HttpRequest, user: User, link: InviteLink) -> HttpResponse:
    membership = lookup.membership_of(user, link.room)
    if membership is not None:
        return redirect("rooms:room", link.room.slug)
    policy.require("invite_link.accept", lookup.facts_of(user, link.room, None))
    return _page(request, 200, link=link, members=link.room.memberships.count())


def _refused(request: HttpRequest) -> HttpResponse:
    """The same for every link that lets nobody in. Guesses are counted like wrong tokens."""
    try:
        limits.spend_unknown(request)
    except Refusal as refusal:
        response = _page(request, refusal.status, refusal=refusal.message)
        response["Retry-After"] = str(max(1, round(refusal.retry_after or 1)))
        return response
    return _page(request, 404)


def _page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    return render(request, "rooms/invite.html", context, status=status)
