"""`/topic`, `/help` and `/invite`."""

from uuid import uuid4

import pytest

from rooms.core import slash
from rooms.models import Invitation, Room, User
from rooms.protocol import Forbidden, Invalid, NotFound

pytestmark = pytest.mark.django_db(transaction=True)


def run(user: User, text: str, slug: str = "lobby") -> str:
    found = slash.parse(text)
    assert found is not None
    command, arguments = found
    answer = command.handler(user, slug, arguments, uuid4())
    assert answer["type"] == "words"
    return str(answer["words"])


def test_the_topic_is_told_and_changed(
    alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    assert run(alice, "/topic Boats\nand  ships") == "The topic is now: Boats and ships"
    assert run(bob, "/topic") == "Topic: Boats and ships"
    with pytest.raises(Forbidden):
        run(bob, "/topic Mine")
    with pytest.raises(Invalid, match="250"):
        run(alice, f"/topic {'x' * 251}")
    with pytest.raises(NotFound):
        run(charlie, "/topic", "den")
    lobby.refresh_from_db()
    assert lobby.topic == "Boats and ships"


def test_help_explains_all_or_one(alice: User, lobby: Room) -> None:
    every = run(alice, "/help")
    assert all(f"/{each.name}" in every for each in slash.known())
    assert run(alice, "/help /topic") == "/topic TEXT – Say what the room is about."
    with pytest.raises(Invalid):
        run(alice, "/help nothing")


def test_people_are_invited(alice: User, bob: User, charlie: User, lobby: Room) -> None:
    said = run(alice, "/invite @charlie nobody-of-this-name bob")
    assert said.startswith("Invited: charlie, nobody-of-this-name.")
    assert said.endswith("Already here: bob.")
    assert Invitation.objects.filter(room=lobby, user=charlie).exists()
    with pytest.raises(Forbidden):
        run(bob, "/invite charlie")
    for wrong in ("/invite", "/invite @", f"/invite {'x' * 151}", "/invite " + "a b " * 20):
        if wrong.endswith("b "):
            assert run(alice, wrong).startswith("Invited: a, b")
        else:
            with pytest.raises(Invalid):
                run(alice, wrong)
    with pytest.raises(Invalid, match="10"):
        run(alice, "/invite " + " ".join(f"n{number}" for number in range(11)))
