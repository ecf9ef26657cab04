"""The SVG of a report."""

from typing import Any
from xml.etree import ElementTree

from jobs.kinds.chart import WIDTH, Bars, svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*panels: Any) -> ElementTree.Element:
    return ElementTree.fromstring(svg("A & B <title>", panels))


def test_every_value_but_zero_has_a_bar_that_tells_it() -> None:
    root = drawn(Bars("By day", ["a", "b", "c"], [1, 0, 1234]))
    told = [
        bar.findtext(f"{SVG}title") for bar in root.iter(f"{SVG}rect") if bar.get("class") == "bar"
    ]
    assert told == ["a: 1", "c: 1,234"]
    assert root.findtext(f"{SVG}title") == "A & B <title>"


def test_the_labels_of_many_bars_stay_inside_and_apart() -> None:
    labels = [f"{n % 31} Nov" for n in range(366)]
    root = drawn(Bars("By day", labels, [1] * 366))
    places = [float(t.attrib["x"]) for t in root.iter(f"{SVG}text") if t.get("class") == "middle"]
    assert min(places) >= 16 and max(places) <= WIDTH - 16
    assert all(right - left > 30 for left, right in zip(places, places[1:], strict=False))


def test_no_data_is_drawn_as_well() -> None:
    assert drawn(Bars("Nothing", [], [])).tag == f"{SVG}svg"
