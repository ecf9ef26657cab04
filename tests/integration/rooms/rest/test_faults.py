"""Answers to what is wrong are no larger than what was sent, and take no longer to make."""

from typing import Any

import orjson
import pytest

pytestmark = pytest.mark.django_db(transaction=True)

MANY = {f"{number:x}": 1 for number in range(20_000)}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("rooms", {"name": "Room", **MANY}),
        ("rooms/lobby/messages", {"body": "Hello", **MANY}),
        ("jobs", {"kind": "room.report", "room": "lobby", **MANY}),
        ("jobs", {"kind": "room.report", "room": "lobby", "params": MANY}),
    ],
)
def test_a_hundred_thousand_faults_are_one(
    path: str, body: dict[str, Any], caller: Any, alice: Any, lobby: Any
) -> None:
    answer = caller(alice).post(path, body)
    assert answer.status_code == 422
    assert len(orjson.dumps(answer.data)) < 1_000


def test_a_few_are_each_named(caller: Any, alice: Any) -> None:
    answer = caller(alice).post("rooms", {"name": "Room", **dict.fromkeys("abc", 1)})
    assert [each["pointer"] for each in answer.data["errors"]] == ["/a", "/b", "/c"]
