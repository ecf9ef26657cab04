"""Form fields made of a kind's params: what they show, and what they send to the kind."""

import html
import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, Optional

import pytest
from django import forms
from pydantic import BaseModel, ConfigDict, Field

from jobs.admin import param_fields
from jobs.registry import Params


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 9


class Every(Params):
    days: Annotated[int, Field(ge=1, le=366, description="how many days back")] = 7
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    name: Annotated[str, Field(max_length=40)] = "Ana"
    note: str = ""
    keen: bool = True
    sure: bool | None = None
    colour: Colour = Colour.BLUE
    level: Level = Level.HIGH
    how: Literal["fast", "slow", 3] = "slow"
    maybe: Literal["a", None] = None
    only: Literal["one"] = "one"
    day: date = date(2026, 2, 3)
    at: datetime | None = None
    most: Optional[int] = None  # noqa: UP045 – written as older code writes it
    words: list[str] = ["a", "b"]
    table: dict[str, int] = {}
    either: int | str = 5
    exact: Decimal = Decimal("1.5")
    fresh: list[int] = Field(default_factory=list)


def form_of(model: type[BaseModel], data: dict[str, Any] | None = None) -> forms.Form:
    made: type[forms.Form] = type("Form", (forms.Form,), param_fields.fields(model))
    return made(data)


def as_sent(form: forms.Form) -> dict[str, str]:
    """What a browser sends of the form as it comes."""
    found: dict[str, str] = {}
    for bound in form:
        value = bound.value()
        if isinstance(bound.field, forms.BooleanField):
            found |= {bound.name: "on"} if value else {}
        else:
            found[bound.name] = "" if value is None else str(value)
    return found


def values(model: type[BaseModel], **changed: str) -> dict[str, Any]:
    data = as_sent(form_of(model)) | {f"params.{name}": value for name, value in changed.items()}
    form = form_of(model, data)
    assert form.is_valid(), form.errors
    return param_fields.values(form.cleaned_data)


def test_the_form_as_it_comes_is_the_defaults() -> None:
    assert Every.model_validate(values(Every)) == Every()


@pytest.mark.parametrize(
    ("name", "typed", "given"),
    [
        ("days", "30", 30),
        ("share", "0.25", 0.25),
        ("name", " two  words ", " two  words "),
        ("name", "", ""),
        ("sure", "false", False),
        ("colour", '"red"', Colour.RED),
        ("level", "1", Level.LOW),
        ("how", "3", 3),
        ("maybe", '"a"', "a"),
        ("day", "2026-05-01", date(2026, 5, 1)),
        ("day", "", date(2026, 2, 3)),
        ("most", "0", 0),
        ("words", '["x"]', ["x"]),
        ("words", "[]", []),
        ("table", '{"a": 1}', {"a": 1}),
        ("either", '"five"', "five"),
    ],
)
def test_what_is_typed_is_what_the_kind_is_given(name: str, typed: str, given: Any) -> None:
    assert getattr(Every.model_validate(values(Every, **{name: typed})), name) == given


def test_a_moment_is_sent_with_its_zone() -> None:
    at = Every.model_validate(values(Every, at="2026-05-01T09:30")).at
    assert at is not None and at.tzinfo is not None


@pytest.mark.parametrize(
    ("name", "typed"),
    [("days", "0"), ("days", "367"), ("days", "x"), ("colour", '"green"'), ("name", "n" * 41)]
    + [
        ("words", "[1"),
        ("words", "[" * 100_000),
        ("table", "9" * 5_000),
        ("day", "yesterday"),
        ("share", "nan"),
        ("at", "soon"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(name: str, typed: str) -> None:
    form = form_of(Every, as_sent(form_of(Every)) | {f"params.{name}": typed})
    assert list(form.errors) == [f"params.{name}"]
    assert typed[:40] in html.unescape(str(form)), "and stands there to be mended"


def test_limits_defaults_and_descriptions_are_told() -> None:
    fields = param_fields.fields(Every)
    told = str(fields["params.days"].help_text)
    assert told == "How many days back. At least 1, at most 366. Default: 7."
    assert "More than 0, less than 1" in str(fields["params.share"].help_text)
    assert fields["params.note"].help_text == ""
    assert "May be left empty" in str(fields["params.most"].help_text)


class Nullable(Params):
    limit: int | None = 10
    needed: int | None
    text: str


def test_emptied_is_null_where_null_may_be_given() -> None:
    sent = values(Nullable, limit="", text="x")
    assert sent == {"limit": None, "needed": None, "text": "x"}


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    days: int = 1


class Renamed(Params):
    since: int = Field(1, alias="from")


def test_other_shapes_of_params() -> None:
    assert param_fields.fields(Params) == {}
    assert list(param_fields.fields(Renamed)) == ["params.from"]
    form = form_of(Open, {"params.days": "2", "params": json.dumps({"more": [1]})})
    assert form.is_valid()
    assert param_fields.values(form.cleaned_data) == {"days": 2, "more": [1]}


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/params/days", "params.days"),
        ("/params/words/0/text", "params.words"),
        ("/params/a~1b", "params.a/b"),
        ("/params/unheard", None),
        ("/params", None),
        ("/run_at", "run_at"),
        ("", None),
    ],
)
def test_a_fault_finds_its_field(pointer: str, field: str | None) -> None:
    names = ["params.days", "params.words", "params.a/b", "run_at"]
    assert param_fields.field_of(pointer, names) == field
