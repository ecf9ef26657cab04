"""`room.report`: how active a room was, by day, by hour and by person."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import ExtractHour, TruncDate
from django.utils import timezone
from pydantic import Field

from jobs.registry import Params, kind
from jobs.running.context import Context
from rooms.models import Message

from .chart import Bars, svg

PEOPLE_SHOWN = 20


class ReportParams(Params):
    days: Annotated[int, Field(ge=1, le=366, description="how many days back, today included")] = 7


@kind("room.report", title="Room report", params=ReportParams, needs_room=True)
def room_report(ctx: Context[ReportParams]) -> dict[str, Any]:
    """How active the room was: messages by day, hour and person, as a table and a plot."""
    today = timezone.localdate()
    first = today - timedelta(days=ctx.params.days - 1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    messages = Message.objects.filter(
        room=ctx.room, kind=Message.Kind.TEXT, deleted_at=None, created_at__gte=since
    ).order_by()
    ctx.progress(0, 3, "counting by day")
    days = by_day(messages, first, ctx.params.days)
    ctx.progress(1, 3, "counting by hour")
    hours = by_hour(messages)
    ctx.progress(2, 3, "counting by person")
    people = by_person(messages)
    ctx.progress(3, 3, "drawing")
    title = f"{ctx.room.name}: {_days(ctx.params.days)} up to {today}"
    total = sum(days.values())
    if total:
        ctx.attach(f"report-{ctx.room.slug}-{today}.svg", "image/svg+xml", plot(title, days, hours))
    return {
        "summary": f"{total:,} {'message' if total == 1 else 'messages'} by {_people(len(people))}"
        f" in {_days(ctx.params.days)}.",
        "table": {
            "columns": ["Person", {"name": "Messages", "format": "grouped"}, "Share", "Last"],
            "rows": rows(people, total),
        },
        "per_day": {str(day): count for day, count in days.items()},
        "per_hour": hours,
        "time_zone": timezone.get_current_timezone_name(),
    }


def by_day(messages: QuerySet[Message], first: date, days: int) -> dict[date, int]:
    found = dict(
        messages.annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(count=Count("pk"))
        .values_list("day", "count")
    )
    every_day = (first + timedelta(days=number) for number in range(days))
    return {day: found.get(day, 0) for day in every_day}


def by_hour(messages: QuerySet[Message]) -> list[int]:
    found = dict(
        messages.annotate(hour=ExtractHour("created_at"))
        .values("hour")
        .annotate(count=Count("pk"))
        .values_list("hour", "count")
    )
    return [found.get(hour, 0) for hour in range(24)]


def by_person(messages: QuerySet[Message]) -> list[dict[str, Any]]:
    """Everybody who wrote, busiest first."""
    people = (
        messages.values("author", "author__first_name", "author__last_name", "author__username")
        .annotate(count=Count("pk"), last=Max("created_at"))
        .order_by("-count", "author")
    )
    return [dict(row) for row in people]


def rows(people: list[dict[str, Any]], total: int) -> list[list[Any]]:
    shown = [
        [_name(row), row["count"], f"{row['count'] / total:.0%}", _day(row["last"])]
        for row in people[:PEOPLE_SHOWN]
    ]
    rest = people[PEOPLE_SHOWN:]
    if rest:
        count = sum(row["count"] for row in rest)
        last = max(row["last"] for row in rest)
        shown.append([f"{len(rest)} others", count, f"{count / total:.0%}", _day(last)])
    return shown


def plot(title: str, days: dict[date, int], hours: Iterable[int]) -> bytes:
    return svg(
        title,
        [
            Bars("Messages by day", [f"{day.day} {day:%b}" for day in days], list(days.values())),
            Bars("Messages by hour", [f"{hour:02}" for hour in range(24)], list(hours)),
        ],
    )


def _name(row: dict[str, Any]) -> str:
    if row["author"] is None:
        return "Somebody who left"
    full = f"{row['author__first_name']} {row['author__last_name']}".strip()
    return full or str(row["author__username"])


def _day(at: datetime) -> str:
    return str(timezone.localtime(at).date())


def _days(count: int) -> str:
    return "one day" if count == 1 else f"{count} days"


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"
