"""Probes that fail, hang or need others; the page and the JSON; and that no secret appears."""

import json
import threading
from collections.abc import Iterator

import pytest

from rooms.doctor import examination, hiding, report
from rooms.doctor.findings import Level, Observation, Probe, doubtful, good, wrong


def fine() -> Iterator[Observation]:
    yield good("Fine", "it is")


def fails() -> Iterator[Observation]:
    yield good("Begun", "well")
    raise OSError("no way to redis://ann:s3cret@host/0")


def nothing() -> Iterator[Observation]:
    return iter(())


def found(*probes: Probe) -> dict[str, examination.Examined]:
    return {each.probe.name: each for each in examination.examine(probes)}


def test_a_probe_that_fails_or_hangs_stops_no_other() -> None:
    for_ever = threading.Event()

    def hangs() -> Iterator[Observation]:
        for_ever.wait()
        return iter(())

    try:
        there = found(
            Probe("hangs", "A", hangs, seconds=0.1),
            Probe("fails", "A", fails),
            Probe("fine", "A", fine),
            Probe("nothing", "A", nothing),
        )
    finally:
        for_ever.set()
    assert list(there) == ["hangs", "fails", "fine", "nothing"]
    assert there["hangs"].level is Level.WRONG
    assert "no answer within 0.1 seconds" in there["hangs"].findings[0].said
    assert there["fails"].level is Level.WRONG
    assert "OSError: no way" in there["fails"].findings[0].said
    assert there["fine"].level is there["nothing"].level is Level.GOOD


def test_what_needs_something_that_is_wrong_is_not_asked() -> None:
    there = found(
        Probe("after", "A", fine, needs=("bad",)),
        Probe("last", "A", fine, needs=("after", "fine")),
        Probe("bad", "A", lambda: [wrong("x", "y", "z")]),
        Probe("fine", "A", lambda: [doubtful("x", "y", "z")]),
        # One that was not chosen keeps nobody.
        Probe("alone", "A", fine, needs=("elsewhere",)),
    )
    assert there["after"].level is Level.DOUBTFUL
    assert "bad is wrong" in there["after"].findings[0].said
    assert there["last"].level is Level.DOUBTFUL
    assert "after was not looked at either" in there["last"].findings[0].said
    assert there["alone"].level is Level.GOOD


def test_probes_that_need_each_other() -> None:
    with pytest.raises(ValueError, match="need each other"):
        found(Probe("a", "A", fine, needs=("b",)), Probe("b", "A", fine, needs=("a",)))


def test_the_page_and_the_json() -> None:
    examined = examination.examine(
        [
            Probe("fails", "One", fails),
            Probe("fine", "Two", fine),
            Probe("word", "Two", lambda: [doubtful("Word", "is hunter22", "Change hunter22.")]),
        ]
    )
    shown = report.without_secrets(examined, ["hunter22"])
    page, machine = report.page(shown, "1.2"), report.as_json(shown, "1.2")
    for text in (page, json.dumps(machine)):
        assert "s3cret" not in text and "hunter22" not in text
        assert "redis://ann:***@host/0" in text and "***" in text
    assert page.splitlines()[0] == "Parley 1.2"
    assert "  good     Fine: it is" in page
    assert page.splitlines()[-1] == "1 good, 1 doubtful, 1 WRONG."
    assert machine["verdict"] == "wrong"
    assert machine["counts"] == {"good": 1, "doubtful": 1, "wrong": 1}
    assert [each["probe"] for each in machine["findings"]] == ["fails", "fine", "word"]
    assert report.level(shown) == 2
    assert report.level(shown[1:]) == 1
    assert report.level([]) == 0


def test_secrets_of_the_settings(settings: object) -> None:
    known = hiding.secrets()
    assert known and all(len(each) >= hiding.SHORTEST for each in known)
    assert known == sorted(known, key=len, reverse=True)
    said = hiding.hide(f"the key is {known[0]} for smtp://a:b@c", known)
    assert said == "the key is *** for smtp://a:***@c"
