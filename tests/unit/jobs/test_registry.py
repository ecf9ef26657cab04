"""Kinds and their backoff."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, Json, SecretStr

from jobs import registry
from jobs.registry import Backoff, Kind, Params
from rooms.protocol import Invalid


def declare(**values: Any) -> Kind:
    return Kind(
        **{
            "name": "a.kind",
            "title": "A kind",
            "description": "",
            "params": Params,
            "run": lambda ctx: None,
            **values,
        }
    )


def longest(low: float, high: float) -> float:
    return high


@given(attempt=st.integers(1, 10_000), share=st.floats(0, 1))
def test_a_delay_stays_between_zero_and_the_cap(attempt: int, share: float) -> None:
    delay = Backoff(base=2, cap=60).delay(attempt, lambda low, high: low + share * (high - low))
    assert 0 <= delay <= 60


def test_the_delay_doubles_up_to_the_cap() -> None:
    backoff = Backoff(base=2, cap=15)
    assert [backoff.delay(n, longest) for n in range(1, 6)] == [2, 4, 8, 15, 15]


def test_the_jitter_is_full() -> None:
    asked: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    Backoff(base=4, cap=100).delay(2, lowest)
    assert asked == [(0, 8)]


def test_errors_that_a_kind_gives_up_on_win_over_those_it_retries() -> None:
    kind = declare(retry_on=(OSError,), give_up_on=(FileNotFoundError,))
    assert kind.retries(OSError())
    assert not kind.retries(FileNotFoundError())
    assert not kind.retries(ValueError())


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Bad Name"},
        {"name": ""},
        {"queue": "nowhere"},
        {"soft_time_limit": 10, "hard_time_limit": 10},
        {"soft_time_limit": 0},
        {"max_attempts": 0},
    ],
)
def test_a_declaration_that_cannot_work_is_refused(values: Any) -> None:
    with pytest.raises(ImproperlyConfigured):
        declare(**values)


def test_a_kind_cannot_be_declared_twice() -> None:
    with pytest.raises(ImproperlyConfigured, match="twice"):
        registry.register(declare(name="room.report"))


def test_kinds_are_found_in_apps_and_in_the_modules_that_are_named() -> None:
    names = {kind.name for kind in registry.known()}
    assert {"room.report", "room.export", "room.digest", "test.outcome"} <= names


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="no.such.module"):
        registry.autodiscover(["no.such.module"])


def test_a_kind_is_explained_by_its_docstring() -> None:
    kind = registry.get("room.report")
    assert kind.title == "Room report"
    assert kind.description.startswith("How active the room was")
    assert "days" in kind.params.model_json_schema()["properties"]


def test_an_unknown_kind_is_answered_with_those_there_are() -> None:
    with pytest.raises(Invalid, match=r"room\.report"):
        registry.get("room.nothing")


class Aliased(Params):
    begin: str = Field("x", alias="from")
    data: Json[dict[str, int]] = Field(default_factory=dict)


def test_params_are_read_as_they_were_written() -> None:
    kind = declare(params=Aliased)
    given = kind.params.model_validate({"from": "here", "data": '{"a": 1}'})
    assert kind.params.model_validate(registry.stored(given)) == given


class OneWay(Params):
    begin: str = Field("x", validation_alias="begin_at", serialization_alias="start")


class Secret(Params):
    password: SecretStr = SecretStr("")


class NestedSecret(Params):
    inside: list[Secret] = []


class OnlySaidToBeSecret(Params):
    password: str = Field("", json_schema_extra={"writeOnly": True})


def one_by_one(ctx: Any) -> Iterator[None]:
    yield


async def later(ctx: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"params": OneWay}, "not read as they are written"),
        ({"params": OnlySaidToBeSecret}, "password would be shown"),
        ({"keep_days": 0}, "at least 1"),
        ({"run": one_by_one}, "yields nothing"),
    ],
)
def test_what_could_only_go_wrong_later_is_refused_when_it_is_declared(
    values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=reason):
        declare(**values)


def test_a_kind_knows_whether_it_has_secret_params() -> None:
    assert declare(params=Secret).has_secret_params
    assert declare(params=NestedSecret).has_secret_params
    assert not declare().has_secret_params
    given = NestedSecret.model_validate({"inside": [{"password": "x"}]})
    assert registry.stored(given) == {"inside": [{"password": "x"}]}


def test_a_kind_may_be_a_coroutine() -> None:
    assert declare(run=later).is_coroutine
    assert not declare().is_coroutine
