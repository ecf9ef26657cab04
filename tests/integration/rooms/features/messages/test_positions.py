"""Positions that programs give over REST, before and after the database was put back."""

from typing import Any

import pytest

from rooms.core import installation
from rooms.features.messages import actions as messages
from rooms.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def said(alice: Any, lobby: Any) -> list[int]:
    posts = [messages.Post(alice, "lobby", f"message {number}") for number in range(10)]
    written: list[Any] = messages.post_messages(posts)
    return [message["seq"] for message in written]


def cursor_of(user: Any) -> int:
    return Membership.objects.get(user=user).read_seq


def test_read_up_to_a_position_of_another_history(caller: Any, bob: Any, said: list[int]) -> None:
    bobs, before = caller(bob), installation.read()
    at = {"seq": said[3], "epoch": before.epoch}
    assert bobs.post("rooms/lobby/read", at).status_code == 204
    assert cursor_of(bob) == said[3]
    installation.replace()
    refused = bobs.post("rooms/lobby/read", {**at, "seq": said[8]})
    assert (refused.status_code, cursor_of(bob)) == (409, said[3])
    assert bobs.post("rooms/lobby/read", {"seq": said[5]}).status_code == 204
    at = {"seq": said[6], "epoch": installation.read().epoch}
    assert bobs.post("rooms/lobby/read", at).status_code == 204
    assert cursor_of(bob) == said[6]


@pytest.mark.parametrize("place", ["before", "after", "around"])
def test_history_from_a_position_of_another_history(
    caller: Any, bob: Any, said: list[int], place: str
) -> None:
    bobs, epoch = caller(bob), installation.read().epoch
    here = {place: said[5], "limit": 2}
    first = bobs.get("rooms/lobby/messages", **here, epoch=epoch)
    assert first.status_code == 200 and epoch in first.data["next"]
    assert bobs.get(first.data["next"]).status_code == 200
    installation.replace()
    assert bobs.get("rooms/lobby/messages", **here, epoch=epoch).status_code == 409
    assert bobs.get(first.data["next"]).status_code == 409
    assert bobs.get("rooms/lobby/messages", **here).status_code == 200
