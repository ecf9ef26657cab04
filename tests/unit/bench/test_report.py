"""A section that is measured alone leaves the others as they were."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench import plot, report
from tests.bench.report import Plot, Section, Table, Target

MACHINE = {"date": "2026-01-02", "cores": "2"}
LINES = Plot("lines", "A < B", "w", "n/s", {"ours": [(1, 10.0), (64, 2000.0)]}, log_y=True)
BARS = replace(LINES, name="bars", kind="bars", names={1: "one", 64: "many"}, log_y=False)
SECTION = Section(
    "Throughput",
    "Some words.",
    [Table(["server", "rate", "note"], [["ours", 1234.5, None], ["theirs", 0.25, "a|b"]], "All")],
    [
        Target("rate", "≥ 1", "2", True),
        Target("late", "≤ 1", "3", False),
        Target("cores", "≥ 3", "2", None, "two cores"),
    ],
    [LINES, BARS],
    raw=[{"n": 1}],
)


def test_one_section_after_the_other(tmp_path: Path) -> None:
    report.write(tmp_path, "throughput", SECTION, MACHINE)
    report.write(tmp_path, "idle", replace(SECTION, title="Idle", plots=[]), MACHINE)
    again = replace(SECTION, text="Other words.")
    later = {**MACHINE, "date": "2026-01-03"}
    report.write(tmp_path, "throughput", again, later, ["idle", "throughput"])
    text = (tmp_path / "benchmarks.md").read_text()
    assert text.index("## Idle") < text.index("## Throughput")
    assert "Other words." in text and text.count("Some words.") == 1
    assert "2026-01-03" in text and "2026-01-02" in text
    assert "Of 6 targets 2 were met and 2 were not; 2 could not be judged here." in text
    assert "| ours | 1,234 | – |" in text
    assert "| theirs | 0.25 | a\\|b |" in text
    assert "| late | ≤ 1 | 3 | **not met** |" in text
    assert "| cores | ≥ 3 | 2 | cannot be judged: two cores |" in text
    assert "![A < B](images/bench-lines.svg)" in text
    assert {file.name for file in (tmp_path / "images").iterdir()} == {
        "bench-lines.svg",
        "bench-bars.svg",
    }


def test_what_was_found_out_by_hand_stands_below_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "NOTES", tmp_path)
    (tmp_path / "idle.md").write_text("### Why\n\nBecause.\n")
    for name in ("throughput", "idle"):
        report.write(tmp_path, name, replace(SECTION, title=name, plots=[]), MACHINE)
    text = (tmp_path / "benchmarks.md").read_text()
    assert text.count("### Why\n\nBecause.\n\nMeasured on") == 1
    assert text.index("## idle") < text.index("### Why")


@pytest.mark.parametrize("kind", ["lines", "bars"])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("points", [[], [(0, 0.0)], [(1, 5.0)], [(1, 0.0), (2, 7e6), (300, 3.5)]])
def test_a_picture_of_anything_is_a_picture(
    kind: str, log: bool, points: list[tuple[float, float]]
) -> None:
    series = {"ours": points, "theirs & others": [], "x" * 60: points, "y" * 60: points}
    picture = plot.svg("name", "Title", "x", "y", series, kind, log_x=log, log_y=log)
    root = ElementTree.fromstring(picture)
    marks = [each for each in root.iter() if each.tag.endswith(("circle", "rect"))]
    # The ground, and one of the legend for each series.
    assert len(marks) == 1 + len(series) + 3 * len(points)
    text = {each.text for each in root.iter() if each.tag.endswith("text")}
    assert {"Title", "ours", "theirs & others"} <= text
    assert "nan" not in picture.lower().replace("<title>", "")
