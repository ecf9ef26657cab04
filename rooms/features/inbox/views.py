"""The page of a person's inbox: a frame that `page.js` fills."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from rooms.models import User
from rooms.pages import page_state


@require_GET
@login_required
def page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {"state": page_state.of_person(request.user), "done": "done" in request.GET}
    return render(request, "rooms/inbox.html", context)
