"""Bars as SVG, written by hand: neat at 300 pixels, on light and dark pages. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, PANEL, MARGIN = 360, 150, 16
BARS_TOP, BARS_HEIGHT = 38, 80

# The picture brings its own ground: a page's theme need not be that of the reader's system.
STYLE = """
svg { --ground: #fff; --line: #dfe2ea; --text: #4a5163; --bar: #5b5bd6; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #1b1d24; --line: #343845; --text: #b4bac8; --bar: #8b8df0; }
}
.ground { fill: var(--ground); stroke: var(--line); }
.bar { fill: var(--bar); }
.line { stroke: var(--line); }
text { fill: var(--text); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.title { font-weight: 600; font-size: 13px; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
"""


@dataclass(frozen=True)
class Bars:
    """One panel: a value and a label for each bar. Labels are thinned out to what fits."""

    title: str
    labels: Sequence[str]
    values: Sequence[int]


def svg(title: str, panels: Sequence[Bars]) -> bytes:
    height = MARGIN + PANEL * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate(0 {MARGIN // 2 + PANEL * number})">')
        parts += _panel(panel)
        parts.append("</g>")
    parts.append("</svg>")
    return "\n".join(parts).encode()


def _panel(panel: Bars) -> list[str]:
    inner = WIDTH - 2 * MARGIN
    most = max([*panel.values, 1])
    slot = inner / max(1, len(panel.values))
    gap = min(3.0, slot / 4)
    bottom = BARS_TOP + BARS_HEIGHT
    parts = [
        f'<text class="title" x="{MARGIN}" y="20">{escape(panel.title)}</text>',
        f'<text class="end" x="{WIDTH - MARGIN}" y="20">most: {most:,}</text>',
        f'<line class="line" x1="{MARGIN}" y1="{bottom}" x2="{WIDTH - MARGIN}" y2="{bottom}"/>',
    ]
    every = _every(panel.labels, slot)
    for index, (label, value) in enumerate(zip(panel.labels, panel.values, strict=True)):
        left = MARGIN + slot * index
        if value:
            height = max(2.0, BARS_HEIGHT * value / most)
            parts.append(
                f'<rect class="bar" x="{left + gap / 2:.1f}" y="{bottom - height:.1f}"'
                f' width="{slot - gap:.1f}" height="{height:.1f}" rx="{min(2.0, slot / 4):.1f}">'
                f"<title>{escape(label)}: {value:,}</title></rect>"
            )
        if index % every == 0:
            half = _width(label) / 2
            middle = min(max(left + slot / 2, MARGIN + half), WIDTH - MARGIN - half)
            parts.append(
                f'<text class="middle" x="{middle:.1f}" y="{bottom + 17}">{escape(label)}</text>'
            )
    return parts


def _every(labels: Sequence[str], slot: float) -> int:
    """Show one label in how many, so that they do not touch. The first and the last are moved
    inwards by up to half of their width."""
    widest = max([_width(label) for label in labels], default=1)
    return math.ceil((1.5 * widest + 8) / slot)


def _width(label: str) -> float:
    return 7.0 * len(label)
