"""Bars of what ended over time: succeeded, cancelled and failed on top of one another. Pure.

The picture is stretched to the page's width and has no text in it: the page writes that around
it, so that letters stay readable on a phone. Colours come from the stylesheet.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

from jobs.models import State
from jobs.overview import EndedJobs

# In units of the SVG.
PLOT_HEIGHT = 100
STATE_ORDER = (State.SUCCEEDED, State.CANCELLED, State.FAILED)
# In the same units: a bar that is not empty is at least this high, so that it can be seen.
LEAST_BAR_HEIGHT = 1.5


@dataclass(frozen=True)
class Plot:
    """`bars` is SVG. `first`, `last`: from when to when; `most`: the highest bar."""

    title: str
    unit: str
    bars: str
    first: datetime
    last: datetime
    most: int
    succeeded: int
    cancelled: int
    failed: int


def plot(title: str, ends: Iterable[EndedJobs], now: datetime, bin_: timedelta, bins: int) -> Plot:
    """The `bins` spans of `bin_` (a minute or an hour) that end with the one `now` is in."""
    heights: dict[datetime, dict[str, int]] = defaultdict(dict)
    sums = dict.fromkeys(STATE_ORDER, 0)
    for end in ends:
        # The sums are of the whole span; of the bin that has nearly left it there is no bar.
        sums[State(end.state)] = sums.get(State(end.state), 0) + end.number
        column = heights[end.at]
        column[end.state] = column.get(end.state, 0) + end.number
    size = bin_.total_seconds()
    last = datetime.fromtimestamp(now.timestamp() // size * size, UTC)
    starts = [last - bin_ * (bins - 1 - index) for index in range(bins)]
    columns = [heights.get(start, {}) for start in starts]
    most = max((sum(column.values()) for column in columns), default=0)
    return Plot(
        title=title,
        unit="minute" if size <= 60 else "hour",
        bars=_svg(title, starts, columns, most),
        first=starts[0],
        last=now,
        most=most,
        succeeded=sums[State.SUCCEEDED],
        cancelled=sums[State.CANCELLED],
        failed=sums[State.FAILED],
    )


def _svg(title: str, starts: list[datetime], columns: list[dict[str, int]], most: int) -> str:
    bars = [
        _bar(index, start, column, most)
        for index, (start, column) in enumerate(zip(starts, columns, strict=True))
        if column
    ]
    return format_html(
        '<svg class="job-plot" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}</svg>',
        len(columns),
        PLOT_HEIGHT,
        title,
        mark_safe("".join(bars)),  # noqa: S308 – made here of numbers and escaped words
    )


def _bar(index: int, start: datetime, column: dict[str, int], most: int) -> str:
    at = timezone.localtime(start).strftime("%H:%M")
    ended = [state for state in STATE_ORDER if column.get(state)]
    words = ", ".join(f"{column[state]:,} {state.label}" for state in ended)
    parts, bottom = [f"<g><title>{escape(f'{at}: {words}')}</title>"], float(PLOT_HEIGHT)
    for state in STATE_ORDER:
        number = column.get(state, 0)
        if not number:
            continue
        height = min(bottom, max(LEAST_BAR_HEIGHT, PLOT_HEIGHT * number / most))
        bottom -= height
        parts.append(
            f'<rect class="{state.value}" x="{index + 0.1:.2f}" y="{bottom:.2f}"'
            f' width=".8" height="{height:.2f}"/>'
        )
    return "".join(parts) + "</g>"
