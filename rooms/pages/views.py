"""The pages: rooms and the directory of rooms. Files are in `attachments`.

A page of a room is a frame with the room's state inside as JSON; the browser's modules draw it.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rooms.core.lookup import find_room
from rooms.features.members import actions as members
from rooms.features.newcomers import actions as newcomers
from rooms.features.rooms import actions as room_actions
from rooms.features.rooms.search import named
from rooms.models import Membership, Room, User
from rooms.models.rooms import DESCRIPTION_COLUMNS
from rooms.protocol import NotFound, Refusal

from . import page_state
from .forms import RoomForm

LAST_ROOM = "last_room"
ROOMS_PER_PAGE = 60


def person(request: HttpRequest) -> User:
    """The user behind `login_required`."""
    assert isinstance(request.user, User)
    return request.user


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The room that was open last, or else a default room, or the directory."""
    last = Room.objects.visible_to(person(request)).filter(slug=request.COOKIES.get(LAST_ROOM))
    if last.exists():
        return redirect("rooms:room", request.COOKIES[LAST_ROOM])
    first = newcomers.first_room(person(request))
    if first is not None:
        return redirect("rooms:room", first.slug)
    return redirect("rooms:directory")


@require_http_methods(["GET", "POST"])
@login_required
def directory(request: HttpRequest) -> HttpResponse:
    """All rooms that a person may see; a form to make another."""
    user = person(request)
    form = RoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            room = room_actions.create_room_for(user, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("name", refusal.message)
        else:
            return redirect("rooms:room", room.slug)
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    rooms: QuerySet[Any] = (
        Room.objects.visible_to(user)
        .for_many()
        .annotate(
            members=Count("memberships"),
            mine=Exists(Membership.objects.filter(room=OuterRef("pk"), user=user)),
        )
        .order_by("-active_at", "pk")
        .defer(*DESCRIPTION_COLUMNS)
    )
    if words:
        rooms = named(rooms, words, topic=True).order_by("rank", "-active_at", "pk")
    page = Paginator(rooms, ROOMS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "form": form, "state": page_state.of_person(user)}
    return render(request, "rooms/directory.html", context)


@require_POST
@login_required
def join(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        members.join(person(request), slug)
    except NotFound:
        raise Http404 from None
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("rooms:directory")
    return redirect("rooms:room", slug)


@require_GET
@login_required
def room(request: HttpRequest, slug: str, message: int | None = None) -> HttpResponse:
    """A room, at its end or at one of its messages, which is that message's own address."""
    context = {"state": _room_state(request, slug, message)}
    return _remembering(render(request, "rooms/room.html", context), slug)


@require_GET
@login_required
def person_state(request: HttpRequest) -> HttpResponse:
    """A person's rooms, for a page that was away from the socket for a while."""
    response = JsonResponse(page_state.of_person(person(request)))
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@login_required
def room_state(request: HttpRequest, slug: str) -> HttpResponse:
    """The state alone, for a page that is already open. `message` is one to be shown."""
    response = JsonResponse(_room_state(request, slug, _number(request.GET.get("message"))))
    response["Cache-Control"] = "no-store"
    return _remembering(response, slug)


def _number(text: str | None) -> int | None:
    """What no message can have for an id is one that is not there."""
    if text is None:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _room_state(request: HttpRequest, slug: str, message: int | None = None) -> dict[str, Any]:
    user = person(request)
    try:
        row, membership = find_room(user, slug)
    except NotFound:
        raise Http404 from None
    return page_state.of_room(user, row, membership, message)


def _remembering(response: HttpResponse, slug: str) -> HttpResponse:
    response.set_cookie(
        LAST_ROOM,
        slug,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
