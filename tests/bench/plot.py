"""Lines and bars as SVG, written by hand, for light and dark pages. Pure; used by `report`."""

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 48, 52
# One of each pair on light, the other on dark ground.
COLORS = [
    ("#5b5bd6", "#9b9df5"),
    ("#d9480f", "#ff922b"),
    ("#2b8a3e", "#69db7c"),
    ("#c2255c", "#f783ac"),
    ("#0b7285", "#3bc9db"),
    ("#946200", "#ffd43b"),
    ("#9c36b5", "#e599f7"),
    ("#495057", "#ced4da"),
    ("#1864ab", "#74c0fc"),
    ("#5c940d", "#c0eb75"),
    ("#862e2e", "#ffa8a8"),
    ("#087f5b", "#63e6be"),
]
STYLE = """
svg {{ --ground: #fff; --line: #dfe2ea; --text: #3c4252; {light} }}
@media (prefers-color-scheme: dark) {{
  svg {{ --ground: #1b1d24; --line: #343845; --text: #b4bac8; {dark} }}
}}
.ground {{ fill: var(--ground); stroke: var(--line); }}
.grid {{ stroke: var(--line); }}
text {{ fill: var(--text); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }}
.title {{ font-weight: 600; font-size: 14px; }}
.end {{ text-anchor: end; }}
.middle {{ text-anchor: middle; }}
path {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}
"""

Points = list[tuple[float, float]]


class Axis:
    """From values to pixels. On a logarithmic one, nothing below its least positive value."""

    def __init__(
        self, values: Sequence[float], first: float, last: float, log: bool, from_zero: bool
    ) -> None:
        good = [value for value in values if not log or value > 0] or [1.0]
        self.log, self.first, self.last = log, first, last
        low, high = min(good), max(good)
        if log:
            # The least bar is to be seen, too.
            below = 0.15 if from_zero else 0.0
            self.low = float(math.floor(math.log10(low) - below))
            self.high = float(math.ceil(math.log10(high)))
        else:
            self.low = min(0.0, low) if from_zero else low
            self.high = high * 1.05 if from_zero else high
        if self.high <= self.low:
            self.high = self.low + 1

    def at(self, value: float) -> float:
        where = math.log10(max(value, 10**self.low)) if self.log else value
        return self.first + (self.last - self.first) * (where - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        if self.log:
            return [10.0**power for power in range(int(self.low), int(self.high) + 1)]
        step = 10 ** math.floor(math.log10((self.high - self.low) / 4))
        step *= next(k for k in (1, 2, 5, 10) if (self.high - self.low) / (step * k) <= 6)
        first = math.ceil(self.low / step)
        return [n * step for n in range(first, int(self.high / step + 1e-9) + 1)]


def svg(
    name: str,
    title: str,
    x_label: str,
    y_label: str,
    series: dict[str, Points],
    kind: str = "lines",
    log_x: bool = False,
    log_y: bool = False,
    names: dict[float, str] | None = None,
) -> str:
    """One picture; the parameters are those of `report.Plot`."""
    names = names or {}
    rows = legend_rows(list(series))
    top = TOP + 18 * len(rows)
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    bottom = HEIGHT - BOTTOM
    vertical = Axis(ys, bottom, top, log_y, from_zero=True)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE.format(light=variables(0), dark=variables(1))}</style>",
        f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        *legend(rows, list(series)),
    ]
    for value in vertical.ticks():
        y = vertical.at(value)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}"')
        parts[-1] += f' y2="{y:.1f}"/>'
        parts.append(f'<text class="end" x="{LEFT - 8}" y="{y + 4:.1f}">{short(value)}</text>')
    draw = bars if kind == "bars" else lines
    parts += draw(series, xs, vertical, log_x, names, bottom)
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text class="middle" x="{middle}" y="{HEIGHT - 12}">{escape(x_label)}</text>'
        f'<text class="middle" transform="translate(16 {(top + bottom) / 2}) rotate(-90)">'
        f"{escape(y_label)}</text></svg>"
    )
    return "\n".join(parts) + "\n"


def lines(
    series: dict[str, Points],
    xs: list[float],
    vertical: Axis,
    log_x: bool,
    names: dict[float, str],
    bottom: int,
) -> list[str]:
    across = Axis(xs, LEFT + 8, WIDTH - RIGHT - 8, log_x, from_zero=False)
    parts = []
    # With few points each has its own label; with many the axis has round numbers.
    for x in list(names) or (xs if len(xs) <= 8 else across.ticks()):
        label = names.get(x, short(x))
        parts.append(f'<text class="middle" x="{across.at(x):.1f}" y="{bottom + 18}">')
        parts[-1] += f"{escape(label)}</text>"
    for number, points in enumerate(series.values()):
        color = f"var(--c{number % len(COLORS)})"
        where = [(across.at(x), vertical.at(y)) for x, y in sorted(points)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in where)
        parts.append(f'<path style="stroke:{color}" d="M{path}"/>')
        if len(where) <= 30:
            parts += [
                f'<circle style="fill:{color}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in where
            ]
    return parts


def bars(
    series: dict[str, Points],
    xs: list[float],
    vertical: Axis,
    log_x: bool,
    names: dict[float, str],
    bottom: int,
) -> list[str]:
    """Groups at each x, one bar of a series in each; x has no scale here."""
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(xs))
    width = slot * 0.8 / max(1, len(series))
    parts = []
    for place, x in enumerate(xs):
        left = LEFT + slot * place
        label = names.get(x, short(x))
        parts.append(f'<text class="middle" x="{left + slot / 2:.1f}" y="{bottom + 18}">')
        parts[-1] += f"{escape(label)}</text>"
        for number, (name, points) in enumerate(series.items()):
            value = dict(points).get(x)
            if value is None:
                continue
            y = vertical.at(value)
            parts.append(
                f'<rect style="fill:var(--c{number % len(COLORS)})"'
                f' x="{left + slot * 0.1 + width * number:.1f}" y="{y:.1f}"'
                f' width="{max(1, width - 1):.1f}" height="{max(0, bottom - y):.1f}" rx="1.5">'
                f"<title>{escape(name)}, {escape(label)}: {value:,.6g}</title></rect>"
            )
    return parts


def legend_rows(names: list[str]) -> list[list[int]]:
    """Which series stand in which row, so that none runs out of the picture."""
    rows: list[list[int]] = []
    room = 0.0
    for index, name in enumerate(names):
        need = 30 + 7.0 * len(name)
        if not rows or need > room:
            rows.append([])
            room = WIDTH - 32.0
        rows[-1].append(index)
        room -= need
    return rows


def legend(rows: list[list[int]], names: list[str]) -> list[str]:
    parts = []
    for number, row in enumerate(rows):
        x = 16.0
        for index in row:
            y = 46 + 18 * number
            color = f"var(--c{index % len(COLORS)})"
            parts.append(
                f'<rect style="fill:{color}" x="{x:.0f}" y="{y - 9}" width="10" height="10"/>'
                f'<text x="{x + 15:.0f}" y="{y}">{escape(names[index])}</text>'
            )
            x += 30 + 7.0 * len(names[index])
    return parts


def variables(which: int) -> str:
    return " ".join(f"--c{number}: {pair[which]};" for number, pair in enumerate(COLORS))


def short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"
