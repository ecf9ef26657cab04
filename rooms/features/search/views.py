"""The page of found messages."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from rooms.models import User
from rooms.pages import page_state
from rooms.protocol import Refusal
from rooms.rest import paging

from .finding import find
from .query import MOST_CHARACTERS

MESSAGES_PER_PAGE = 30


@require_GET
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """`q` is what is searched for, `cursor` where a further page begins."""
    assert isinstance(request.user, User)
    user = request.user
    words = request.GET.get("q", "").replace("\0", "").strip()
    context: dict[str, Any] = {
        "words": words[:MOST_CHARACTERS],
        "most_characters": MOST_CHARACTERS,
        "state": page_state.of_person(user),
    }
    status = 200
    if words:
        try:
            key = paging.key_of(request.GET.get("cursor"), int)
            below = None if key is None else int(key[0])
            findings = find(user, words, MESSAGES_PER_PAGE, below)
        except Refusal as refusal:
            context["refusal"] = refusal.message
            # What was asked for is at fault, not the page that says so.
            status = refusal.status if refusal.temporary else 200
        else:
            context["findings"] = findings
            context["further"] = below is not None
            if findings.below is not None:
                context["cursor"] = paging.cursor(findings.below)
    response = render(request, "rooms/search.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
