"""Where a person is logged in, and how they end that. Called by their page and at log-ins."""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from rooms.core import bell, credentials, housekeeping
from rooms.http import request_address
from rooms.models import LoginSession, User
from rooms.protocol import NotFound

from . import devices

SHOWN = 50


@dataclass(frozen=True)
class SessionPlace:
    """One session as its owner reads it."""

    row: LoginSession
    device: str
    is_this: bool


@receiver(user_logged_in)
def logged_in(request: HttpRequest | None, user: User, **_: object) -> None:
    if request is not None:
        note(request, user)


def note(request: HttpRequest, user: User) -> None:
    """The session of this request is used, from where and with what."""
    key = request.session.session_key
    if key is None:
        return
    now = timezone.now()
    used = {
        "user": user,
        "used_at": now,
        "address": request_address.of_request(request)[:45],
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:200].replace("\0", ""),
    }
    row = LoginSession(session_key=key, begun_at=now, **used)
    LoginSession.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["session_key"], update_fields=list(used)
    )


def of_user(user: User, current: str | None) -> list[SessionPlace]:
    """Those that let somebody in still, the last used first: one of an older password does not."""
    rows = list(_of(user).order_by("-used_at", "-pk")[: 2 * SHOWN])
    good = _good(user, [row.session_key for row in rows])
    return [
        SessionPlace(row, devices.words(row.user_agent), row.session_key == current)
        for row in rows
        if row.session_key in good
    ][:SHOWN]


def _of(user: User) -> QuerySet[LoginSession]:
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    return LoginSession.objects.filter(
        Exists(alive.filter(expire_date__gt=timezone.now())), user=user
    )


def _good(user: User, keys: Collection[str]) -> set[str]:
    rows = Session.objects.filter(session_key__in=keys)
    return {row.session_key for row in rows if credentials.proves(row.get_decoded(), user)}


def end(user: User, pk: int) -> None:
    """Log out there. Raises NotFound when it is not theirs, or over."""
    row = LoginSession.objects.filter(user=user, pk=pk).first()
    if row is None or not Session.objects.filter(session_key=row.session_key).delete()[0]:
        raise NotFound("This session is over already.")
    row.delete()


def end_others(user: User, current: str | None) -> int:
    """Log out everywhere but here; how many that were."""
    others = LoginSession.objects.filter(user=user).exclude(session_key=current or "")
    keys = others.values_list("session_key", flat=True)
    count = housekeeping.delete_in_batches(Session.objects.filter(session_key__in=keys))
    housekeeping.delete_in_batches(others)
    bell.recheck_on_commit(user.pk)
    return count
