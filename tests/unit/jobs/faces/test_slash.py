"""`/job KIND name=value …`, as people type it."""

import pytest

from jobs.faces.slash import parse
from jobs.registry import get
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
def test_params_as_typed(typed, params):
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
def test_a_mistake_is_explained(typed, said):
    with pytest.raises(Invalid, match=said):
        parse(typed)


def test_the_kinds_own_model_reads_the_texts():
    kind = get("test.outcome")
    found = checked_params(kind, parse("test.outcome steps=3 seconds=0.5")[1])
    assert (found["steps"], found["seconds"]) == (3, 0.5)


def test_a_wrong_value_is_pointed_at():
    with pytest.raises(Invalid) as refused:
        checked_params(get("room.report"), {"days": "many", "dayz": 1})
    assert {each["pointer"] for each in refused.value.errors} == {"/params/days", "/params/dayz"}
