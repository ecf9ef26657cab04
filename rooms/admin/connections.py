"""The page for staff that shows every open connection of every web process, and ends one.

Under the admin, at `/admin/connections/`. Django serves it from a thread; what it shows is asked
of the process's node, on its loop, by `live.commands.process_query`.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rooms.live.commands.connection_report import ConnectionReport, Question, Seen
from rooms.live.commands.process_query import EndReport
from rooms.live.node import Node
from rooms.models import ApiToken, User
from rooms.protocol import DISCONNECTED

SHOWN_CONNECTIONS = 100
FILTER_CHARACTERS = 150
# A loop that does not turn within this is itself what staff have to know of.
LOOP_ANSWER_SECONDS = 5.0
# The page asks for its table alone with this header.
PART = "X-Part"

VIEW = "rooms.view_connections"
END = "rooms.end_connections"

T = TypeVar("T")


def on_the_node(work: Callable[[Node], Coroutine[Any, Any, T]]) -> T | None:
    """Run `work` on the loop of this process's node. None: there is no node, or it is stuck."""
    node = Node.of_this_process()
    if node is None:
        return None
    future = asyncio.run_coroutine_threadsafe(work(node), node.loop)
    try:
        return future.result(LOOP_ANSWER_SECONDS)
    except TimeoutError:
        future.cancel()
        return None


@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    question = Question(
        user=asked(request, "user"), room=asked(request, "room"), most=SHOWN_CONNECTIONS
    )
    report = on_the_node(lambda node: node.process_query.report(question))
    context = {
        **admin.site.each_context(request),
        "title": "Connections",
        "question": question,
        "may_end": request.user.has_perm(END),
        "may_see_users": request.user.has_perm("rooms.view_user"),
        "come_back": DISCONNECTED,
        "now": timezone.now(),
        **(shown(report) if report else {}),
    }
    part = PART in request.headers
    return render(request, f"admin/connections{'_table' if part else ''}.html", context)


def asked(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").strip().replace("\x00", "")[:FILTER_CHARACTERS]


def shown(report: ConnectionReport) -> dict[str, Any]:
    worst = report.worst(SHOWN_CONNECTIONS)
    tokens = ApiToken.objects.in_bulk({seen.token for seen in worst if seen.token})
    return {
        "report": report,
        "sums": {
            "Connections": report.total("connections"),
            "People": report.different("people"),
            "Rooms": report.different("rooms"),
            "Subscriptions": report.total("subscriptions"),
            "Slow sockets": report.total("lagging"),
        },
        "bytes": report.total("waiting") + report.total("held"),
        "matching": report.total("matching"),
        "processes": [(count, since(count.since)) for count in report.counts],
        "rows": [row(seen, tokens) for seen in worst],
    }


def row(seen: Seen, tokens: dict[int, ApiToken]) -> dict[str, Any]:
    if seen.token is None:
        via = "Session"
    else:
        token = tokens.get(seen.token)
        via = f"Token “{token.name}”" if token else "Token, deleted"
    return {
        "seen": seen,
        "since": since(seen.since),
        "via": via,
        "buffered": seen.waiting + seen.held,
        "more_rooms": seen.subscriptions - len(seen.rooms),
    }


@dataclass(frozen=True)
class Since:
    moment: datetime
    age: str


def since(began: float) -> Since:
    """Unix time, and how long ago that is in one word."""
    seconds = max(0, int(time.time() - began))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return Since(datetime.fromtimestamp(began, UTC), f"{seconds // size} {unit}")
    return Since(datetime.fromtimestamp(began, UTC), f"{seconds} s")


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one connection: `which` is its process and its name, as the page wrote them."""
    if not request.user.has_perm(VIEW) or not request.user.has_perm(END):
        raise PermissionDenied
    process, _, name = request.POST.get("which", "").partition("/")
    ended = on_the_node(lambda node: node.process_query.end(process, name)) or EndReport(
        "unanswered"
    )
    if ended.outcome == "ended":
        people = User.objects.filter(pk=ended.user or 0)
        LogEntry.objects.log_actions(
            request.user.pk or 0, people, CHANGE, f"Ended the connection {name}."
        )
        whose = "".join(person.name for person in people) or "A deleted user"
        messages.success(request, f"{whose} was disconnected and may come back.")
    elif ended.outcome == "gone":
        messages.info(request, "That connection had ended already.")
    else:
        messages.error(request, "The process of that connection did not answer.")
    query = request.GET.urlencode()
    return redirect(reverse("connections") + (f"?{query}" if query else ""))


def urls() -> list[URLPattern]:
    """To stand before the admin's own."""
    view = admin.site.admin_view
    return [
        path("admin/connections/", view(connections), name="connections"),
        path("admin/connections/end/", view(end), name="end_connection"),
    ]
