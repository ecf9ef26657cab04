"""Pages beside those of allauth: where an invitation leads, and where one is logged in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from rooms.models import User
from rooms.protocol import NotFound

from . import invitations, login_sessions
from .adapter import INVITATION


@require_GET
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    places = login_sessions.of_user(request.user, request.session.session_key)
    response = render(request, "account/sessions.html", {"places": places})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        login_sessions.end(request.user, pk)
    except NotFound as refusal:
        messages.info(request, refusal.message)
    else:
        messages.success(request, "Logged out there.")
    return redirect("account_sessions")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    login_sessions.end_others(request.user, request.session.session_key)
    messages.success(request, "Logged out everywhere but here.")
    return redirect("account_sessions")


@require_GET
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("/")
    found = invitations.find(secret)
    if found is None:
        messages.error(request, "The invitation has been used, or has run out.")
        return redirect("account_login")
    request.session[INVITATION] = secret
    response = redirect("account_signup")
    if found.email:
        response["Location"] += "?" + urlencode({"email": found.email})
    return response
