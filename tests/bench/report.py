"""What was measured, kept and shown: `benchmarks.json` has the numbers, `benchmarks.md` and the
plots are made from it. A section that is measured alone takes the place of its older self; the
others stay as they were.

Each section of the bench is a module with `run(options) -> Section`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import plot

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Numbers stay numbers; the report formats them. None is shown as a dash."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""


@dataclass(frozen=True)
class Target:
    """`met` is None when this machine or this run cannot tell; `why` says why, or why not met."""

    what: str
    wanted: str
    measured: str
    met: bool | None
    why: str = ""


@dataclass(frozen=True)
class Plot:
    """`series`: points (x, y) by name. `names` labels some x with words, for bars as for lines."""

    name: str
    title: str
    x_label: str
    y_label: str
    series: dict[str, list[tuple[float, float]]]
    kind: str = "lines"
    log_x: bool = False
    log_y: bool = False
    names: dict[float, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """`text` is Markdown. `raw` is whatever the numbers were made of, for the JSON file alone."""

    title: str
    text: str
    tables: list[Table] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    raw: Any = None
    # What was otherwise than `layout.machine` says of the whole bench.
    machine: dict[str, str] = field(default_factory=dict)


# What somebody found out about a section: where the time goes, what was tried. Written by hand.
NOTES = Path(__file__).parent / "notes"

HEAD = """# Benchmarks

Made by `make bench`, from real processes on one machine; the numbers themselves are in
[benchmarks.json](benchmarks.json). Absolute numbers say as much about the machine as about the
programs. What holds elsewhere are the ratios between rows that were measured side by side.
"""


def write(
    into: Path, name: str, section: Section, machine: dict[str, str], order: Sequence[str] = ()
) -> None:
    """Take the section into the report in the folder `into`, and make the report anew."""
    into.mkdir(parents=True, exist_ok=True)
    file = into / "benchmarks.json"
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    known[name] = {"measured_on": {**machine, **section.machine}, **asdict(section)}
    # By way of JSON, so that the report is the same whether it was just measured or read back.
    text = json.dumps(known, indent=1, sort_keys=False, ensure_ascii=False)
    file.write_text(text + "\n")
    render(into, order)


def render(into: Path, order: Sequence[str] = ()) -> None:
    """`benchmarks.md` and the plots from `benchmarks.json`."""
    known = json.loads((into / "benchmarks.json").read_text())
    names = [name for name in order if name in known]
    names += [name for name in known if name not in names]
    sections = {name: read(known[name]) for name in names}
    images = into / "images"
    images.mkdir(exist_ok=True)
    for section in sections.values():
        for each in section.plots:
            (images / f"bench-{each.name}.svg").write_text(plot.svg(**asdict(each)))
    parts = [HEAD, summary(sections)]
    for name, section in sections.items():
        parts.append(shown_section(name, section, known[name]["measured_on"]))
    (into / "benchmarks.md").write_text("\n".join(part for part in parts if part))


def read(stored: dict[str, Any]) -> Section:
    plots = []
    for each in stored["plots"]:
        series = {k: [(x, y) for x, y in points] for k, points in each["series"].items()}
        names = {float(x): label for x, label in each["names"].items()}
        plots.append(Plot(**{**each, "series": series, "names": names}))
    return Section(
        title=stored["title"],
        text=stored["text"],
        tables=[Table(**each) for each in stored["tables"]],
        targets=[Target(**each) for each in stored["targets"]],
        plots=plots,
    )


# Markdown -----------------------------------------------------------------------------------------


def summary(sections: dict[str, Section]) -> str:
    everything = [target for section in sections.values() for target in section.targets]
    if not everything:
        return ""
    met = sum(target.met is True for target in everything)
    missed = sum(target.met is False for target in everything)
    untold = len(everything) - met - missed
    told = f"Of {len(everything)} targets {met} were met and {missed} were not"
    told += f"; {untold} could not be judged here." if untold else "."
    links = [f"- [{section.title}](#{name})" for name, section in sections.items()]
    return "\n".join([told, "", *links, ""])


def shown_section(name: str, section: Section, machine: dict[str, str]) -> str:
    lines = [f'<a id="{name}"></a>', "", f"## {section.title}", "", section.text.strip(), ""]
    for table in section.tables:
        if table.caption:
            lines += [f"**{table.caption}**", ""]
        lines += [*markdown(table.columns, table.rows), ""]
    for each in section.plots:
        lines += [f"![{each.title}](images/bench-{each.name}.svg)", ""]
    if section.targets:
        rows: list[Sequence[Cell]] = [
            [each.what, each.wanted, each.measured, verdict(each)] for each in section.targets
        ]
        lines += [*markdown(["target", "wanted", "measured", ""], rows), ""]
    note = NOTES / f"{name}.md"
    if note.exists():
        lines += [note.read_text().strip(), ""]
    lines += ["Measured on: " + "; ".join(f"{k} {v}" for k, v in machine.items()) + ".", ""]
    return "\n".join(lines)


def verdict(target: Target) -> str:
    word = {True: "met", False: "**not met**", None: "cannot be judged"}[target.met]
    return f"{word}: {target.why}" if target.why else word


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """A column of numbers alone is aligned to the right."""
    numeric = [
        bool(rows) and all(not isinstance(row[index], str) for row in rows)
        for index in range(len(columns))
    ]
    lines = ["| " + " | ".join(columns) + " |"]
    lines.append("|" + "|".join("---:" if right else "---" for right in numeric) + "|")
    for row in rows:
        lines.append("| " + " | ".join(shown(cell) for cell in row) + " |")
    return lines


def shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell.replace("|", "\\|")
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:,.2f}" if abs(cell) < 1 else f"{cell:,.1f}"
