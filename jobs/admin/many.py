"""What is done to all jobs that the list's filter finds: the links above the list, and the page
that says how many there are before a job is submitted that does it. A part of the admin of jobs.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from pydantic import ValidationError
from unfold.admin import ModelAdmin
from unfold.utils import parse_datetime_str

from jobs.kinds.many import CHANGE_MANY, DELETE_MANY
from jobs.models import Job
from jobs.submitting import actions, many
from jobs.submitting.actions import Submission
from jobs.submitting.many import Matching
from rooms.core import lookup, policy
from rooms.core.policy import Facts
from rooms.database import clock
from rooms.models import Room, User
from rooms.protocol import Refusal

LABELS = {"cancel": "Cancel", "retry": "Retry", "requeue": "Queue now", "delete": "Delete"}
DONE = {"cancel": "cancelled", "retry": "retried", "requeue": "queued now", "delete": "deleted"}
# Of the list's address: what says which page of it, and in which order.
NO_FILTERS = {"p", "o", "e", "all", "verb", "_facets", "_changelist_filters"}
FILTERS = {
    "state__exact",
    "room__id__exact",
    "requested_by__id__exact",
    "q",
    *(f"created_at_{end}_{part}" for end in ("from", "to") for part in "01"),
}


class Unusable(ValueError):
    """Words for people: why this filter is not one for many jobs."""


def may(user: User, verb: str) -> bool:
    rule = DELETE_MANY if verb == "delete" else CHANGE_MANY
    return policy.allows(rule, Facts(permissions=lookup.staff_permissions(user)))


def matching(query: Mapping[str, str], until: datetime) -> Matching:
    """What the list's address says. Raises Unusable for what is not understood here: a filter that
    was passed over would mean more jobs than are shown."""
    given = {name: value for name, value in query.items() if value and name not in NO_FILTERS}
    if unknown := set(given) - FILTERS:
        raise Unusable(f"The filter {sorted(unknown)[0]!r} cannot be used for many jobs at once.")
    if _is_id(given.get("q", "").strip()):
        raise Unusable("That is one job: it has buttons on its own page.")
    try:
        return Matching(
            states=[given["state__exact"]] if "state__exact" in given else [],
            kind=given.get("q", "").strip() or None,
            room=given.get("room__id__exact"),
            requested_by=given.get("requested_by__id__exact"),
            created_from=_moment(given, "from"),
            created_until=min(_moment(given, "to") or until, until),
        )
    except ValidationError:
        raise Unusable("This filter finds no jobs.") from None


def _is_id(term: str) -> bool:
    try:
        UUID(term)
    except ValueError:
        return False
    return True


def _moment(given: Mapping[str, str], end: str) -> datetime | None:
    """As the list's own filter reads it, which wants both the day and the time."""
    day, time = (given.get(f"created_at_{end}_{part}", "") for part in "01")
    if not day and not time:
        return None
    at = parse_datetime_str(f"{day} {time}")
    if at is None:
        raise Unusable("A day needs its time beside it, and a time its day.")
    return timezone.make_aware(at)


def in_words(wanted: Matching) -> list[tuple[str, str]]:
    """The filter, for the page that asks whether it is meant."""
    room = Room.objects.filter(pk=wanted.room).first() if wanted.room is not None else None
    user = wanted.requested_by
    person = User.objects.filter(pk=user).first() if user is not None else None
    said = [
        ("State", ", ".join(wanted.states)),
        ("Kind", wanted.kind or ""),
        ("Room", room.name if room else str(wanted.room or "")),
        ("Requested by", person.name if person else str(user or "")),
        ("Created from", _written(wanted.created_from)),
        ("Created until", _written(wanted.created_until)),
    ]
    return [(name, text) for name, text in said if text]


def _written(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


class ManyAdmin(ModelAdmin):
    list_before_template = "admin/jobs/job/many_links.html"

    def get_urls(self) -> list[URLPattern]:
        address = path("many/", self.admin_site.admin_view(self.many_view), name="jobs_job_many")
        urls: list[URLPattern] = super().get_urls()
        return [address, *urls]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        user = request.user
        assert isinstance(user, User)
        verbs = [(verb, label) for verb, label in LABELS.items() if may(user, verb)]
        return super().changelist_view(request, {**(extra_context or {}), "verbs": verbs})

    def many_view(self, request: HttpRequest) -> HttpResponse:
        """How many it would be; and with POST, the job that does it."""
        user, verb = request.user, request.GET.get("verb", "")
        assert isinstance(user, User)
        if verb not in LABELS or not may(user, verb):
            raise PermissionDenied
        back = reverse("admin:jobs_job_changelist")
        until = clock.now()
        try:
            if request.method == "POST":
                said = datetime.fromisoformat(request.POST.get("until", "")).astimezone()
                until = min(until, said)
            wanted = matching(request.GET.dict(), until)
        except ValueError as unusable:
            usable = isinstance(unusable, Unusable)
            messages.error(request, str(unusable) if usable else "Look at the list again.")
            return redirect(back)
        if request.method == "POST":
            try:
                job = self._submit(user, verb, wanted, request.POST.get("key", ""))
                messages.success(request, f"{job.title} was submitted.")
                return redirect("admin:jobs_job_change", job.pk)
            except Refusal as refusal:
                messages.error(request, refusal.message)
        number = many.count(verb, wanted)
        context = {
            **admin.site.each_context(request),
            "opts": self.opts,
            "title": f"{LABELS[verb]}: all jobs that match",
            "verb": verb,
            "label": LABELS[verb],
            "done": DONE[verb],
            "states": " or ".join(many.VERBS[verb].states),
            "filters": in_words(wanted),
            "is_filtered": len(in_words(wanted)) > 1,
            "number": min(number, many.MOST_COUNTED),
            "more": number > many.MOST_COUNTED,
            "until": until.isoformat(),
            "key": uuid4(),
            "back": back,
        }
        return render(request, "admin/jobs/job/many.html", context)

    def _submit(self, user: User, verb: str, wanted: Matching, key: str) -> Job:
        params: dict[str, Any] = {"matching": wanted.model_dump(mode="json")}
        kind = "jobs.delete_many"
        if verb != "delete":
            kind, params["verb"] = "jobs.change_many", verb
        return actions.submit(Submission(user, kind, params, key=f"many-{key[:60]}"))[0]
