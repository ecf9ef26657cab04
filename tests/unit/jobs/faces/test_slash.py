"""`/job KIND name=value …`, as people type it."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.faces.slash import parse
from jobs.registry import Params, get
from jobs.submitting.actions import checked_params
from rooms.protocol import Invalid


@pytest.mark.parametrize(
    ("typed", "params"),
    [
        ("room.report", {}),
        ("room.report days=30", {"days": "30"}),
        ('test.outcome value="two words" steps=3', {"value": "two words", "steps": "3"}),
        ("test.outcome value='a \"quoted\" word'", {"value": 'a "quoted" word'}),
        ("test.outcome value=", {"value": ""}),
        ("test.outcome value=a=b", {"value": "a=b"}),
        ("test.outcome value=[1,2]", {"value": [1, 2]}),
        ("test.outcome value=[broken", {"value": "[broken"}),
    ],
)
def test_params_as_typed(typed: str, params: dict[str, str]) -> None:
    assert parse(typed) == (typed.split()[0], params)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Kinds: "),
        ("   ", "room.report days=…"),
        ("room.report days", "not name=value"),
        ("room.report =3", "not name=value"),
        ("room.report days=1 days=2", "given twice"),
        ('room.report days="3', "not closed"),
    ],
)
def test_a_mistake_is_explained(typed: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        parse(typed)


def test_the_kinds_own_model_reads_the_texts() -> None:
    kind = get("test.outcome")
    found = checked_params(kind, parse("test.outcome steps=3 seconds=0.5")[1])
    assert (found["steps"], found["seconds"]) == (3, 0.5)


def test_a_wrong_value_is_pointed_at() -> None:
    with pytest.raises(Invalid) as refused:
        checked_params(get("room.report"), {"days": "many", "dayz": 1})
    assert {each["pointer"] for each in refused.value.errors} == {"/params/days", "/params/dayz"}


@pytest.mark.parametrize("depth", [40, 300, 1_000, 9_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("closed", [True, False])
def test_brackets_within_brackets_are_refused_or_a_text(
    depth: int, opening: str, closing: str, closed: bool
) -> None:
    value = opening * depth + "1" + closing * depth * closed
    name, params = parse(f"room.report days='{value[:9_000]}'")
    with pytest.raises(Invalid):
        checked_params(get(name), params)


def test_params_of_any_shape_have_a_depth() -> None:
    class Anything(Params):
        value: Any = None

    anything = replace(get("room.report"), params=Anything)
    value: list[object] = []
    for _ in range(2_000):
        value = [value]
    with pytest.raises(Invalid, match="deep"):
        checked_params(anything, {"value": value})
    assert checked_params(anything, {"value": [{"a": [1]}]}) == {"value": [{"a": [1]}]}


def part(kind: str, **params: str) -> dict[str, Any]:
    return {"kind": kind, "params": params}


def test_several_jobs_are_a_chain() -> None:
    typed = "room.export then room.report days=7 and room.report days=30 then room.approval"
    days = [part("room.report", days="7"), part("room.report", days="30")]
    stages = [[part("room.export")], days, [part("room.approval")]]
    assert parse(typed) == ("jobs.chain", {"stages": stages})
    assert parse("test.outcome value=then") == ("test.outcome", {"value": "then"})


@pytest.mark.parametrize("typed", ["then", "a.b then", "then a.b", "a.b and", "a.b then then c.d"])
def test_a_job_is_missing_in_a_chain(typed: str) -> None:
    with pytest.raises(Invalid, match="Which job"):
        parse(typed)
