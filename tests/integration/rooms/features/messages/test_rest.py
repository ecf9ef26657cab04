"""REST: a room's history, and posting into it."""

import uuid
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from rooms.core import installation
from rooms.core.log import writing_in_transaction
from rooms.core.reports import report_in_transaction
from rooms.features.files import actions as files
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.models import Membership, Message, Room, User
from rooms.rest import message_pages
from tests.support.caller import Answer, Caller, Callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def said(alice: User, lobby: Room) -> list[int]:
    """Ten messages; their seqs, ascending."""
    posts = [messages.Post(alice, "lobby", f"message {number}") for number in range(10)]
    return [cast(int, messages.post_message(post)["seq"]) for post in posts]


def seqs(answer: Answer) -> list[int]:
    assert answer.status_code == 200, answer.data
    return [message["seq"] for message in answer.data["messages"]]


def test_the_end_of_the_history_comes_first(caller: Callers, bob: User, said: list[int]) -> None:
    answer = caller(bob).get("rooms/lobby/messages", limit=4)
    assert seqs(answer) == said[-4:]
    assert answer.data["messages"][-1]["body"] == "message 9"


def test_next_goes_back_to_the_beginning(caller: Callers, bob: User, said: list[int]) -> None:
    seen: list[int] = []
    address = "rooms/lobby/messages?limit=3"
    while address:
        page = caller(bob).get(address)
        seen = seqs(page) + seen
        address = page.data["next"]
    assert seen == said


def test_next_goes_forward_with_after(caller: Callers, bob: User, said: list[int]) -> None:
    seen, address = [], f"rooms/lobby/messages?limit=3&after={said[1]}"
    while address:
        page = caller(bob).get(address)
        seen += seqs(page)
        address = page.data["next"]
    assert seen == said[2:]


def test_around_shows_both_sides(caller: Callers, bob: User, said: list[int]) -> None:
    bobs = caller(bob)
    assert seqs(bobs.get("rooms/lobby/messages", around=said[5], limit=4)) == said[4:8]
    assert seqs(bobs.get("rooms/lobby/messages", around=said[9], limit=4)) == said[6:]
    page = bobs.get("rooms/lobby/messages", around=said[5], limit=4)
    assert seqs(bobs.get(page.data["next"])) == said[:4]


def test_a_page_of_long_messages_is_shorter_and_goes_on(
    caller: Callers, bob: User, said: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        message_pages, "PAGE_CHARACTERS", 3 * len("message 0<p>message 0</p>\n") - 4
    )
    bobs = caller(bob)
    page = bobs.get("rooms/lobby/messages")
    assert seqs(page) == said[-3:]
    assert seqs(bobs.get(page.data["next"])) == said[-6:-3]
    page = bobs.get("rooms/lobby/messages", after=said[0])
    assert seqs(page) == said[1:4]
    assert seqs(bobs.get(page.data["next"])) == said[4:7]
    around = seqs(bobs.get("rooms/lobby/messages", around=said[5]))
    assert around == said[3:9], "three on each side"


def test_an_empty_side_is_an_empty_page(caller: Callers, bob: User, said: list[int]) -> None:
    bobs = caller(bob)
    for where in ({"before": said[0]}, {"after": 2**53 - 1}):
        page = bobs.get("rooms/lobby/messages", **where).data
        assert (page["messages"], page["next"]) == ([], None)


def test_history_says_of_which_epoch_its_numbers_are(
    caller: Callers, bob: User, said: list[int]
) -> None:
    before = bobs_epoch(caller(bob))
    after = installation.replace().epoch
    assert bobs_epoch(caller(bob)) == after != before


def bobs_epoch(bobs: Caller) -> str:
    page, room = bobs.get("rooms/lobby/messages").data, bobs.get("rooms/lobby").data
    assert page["epoch"] == room["epoch"] == bobs.get("rooms").data["rooms"][0]["epoch"]
    epoch: str = page["epoch"]
    return epoch


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"before": -1},
        {"after": 2**53},
        {"before": 1, "after": 1},
        {"around": "1\x00"},
    ],
)
def test_a_wrong_question_is_refused(
    caller: Callers, bob: User, lobby: Room, query: dict[str, Any]
) -> None:
    answer = caller(bob).get("rooms/lobby/messages", **query)
    assert answer.status_code == 422
    assert answer.data["detail"]


def test_history_takes_the_same_queries_for_any_number_of_messages(
    caller: Callers,
    alice: User,
    bob: User,
    said: list[int],
    lobby: Room,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    job = uuid.uuid4()
    for _ in range(3):
        with transaction.atomic(), writing_in_transaction([lobby.pk]) as logs:
            room = logs.rooms[lobby.pk]
            attached = [files.attach(room, alice, "r.txt", "text/plain", ContentFile(b"report"))]
            report_in_transaction(logs, room, alice, "Done", "job", job, attached)
    bobs = caller(bob)
    bobs.get("rooms")
    with django_assert_num_queries(9):
        page = bobs.get("rooms/lobby/messages")
    reports = [message for message in page.data["messages"] if message["kind"] == "job"]
    assert [len(report["attachments"]) for report in reports] == [1, 1, 1]
    assert reports[0]["job"] == str(job)


def test_posts_and_becomes_a_member(caller: Callers, charlie: User, lobby: Room) -> None:
    answer = caller(charlie).post("rooms/lobby/messages", {"body": "Hello *all*"})
    assert answer.status_code == 201
    message = answer.data
    assert message["author"] == {"id": charlie.pk, "name": charlie.name}
    assert message["html"] == "<p>Hello <em>all</em></p>"
    assert Membership.objects.filter(room=lobby, user=charlie).exists()
    assert caller(charlie).get("rooms/lobby/messages").data["messages"] == [message]


def test_the_same_client_id_posts_once(caller: Callers, bob: User, lobby: Room) -> None:
    new = {"body": "Once", "client_id": str(uuid.uuid4())}
    first = caller(bob).post("rooms/lobby/messages", new)
    again = caller(bob).post("rooms/lobby/messages", new)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.data == first.data
    assert Message.objects.count() == 1


def test_a_client_id_of_somebody_else_is_nobody_elses(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    new = {"body": "Mine", "client_id": str(uuid.uuid4())}
    assert caller(alice).post("rooms/lobby/messages", new).status_code == 201
    assert caller(bob).post("rooms/lobby/messages", new).status_code == 201


def test_replies_to_a_message_of_the_same_room(
    caller: Callers, bob: User, said: list[int], lobby: Room, den: Room
) -> None:
    first = Message.objects.get(seq=said[0])
    answer = caller(bob).post("rooms/lobby/messages", {"body": "Yes", "reply_to": first.pk})
    assert answer.data["reply_to"] == first.pk
    answer = caller(bob).post("rooms/den/messages", {"body": "Yes", "reply_to": first.pk})
    assert answer.status_code == 404


def test_a_slash_is_only_a_slash(caller: Callers, bob: User, lobby: Room) -> None:
    assert caller(bob).post("rooms/lobby/messages", {"body": "/job x"}).data["body"] == "/job x"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b'{"body": "\xff"}', 400),
        (b'{"body": "\\ud800"}', 400),
        (b'{"body": NaN}', 400),
        (b"[" * 100_000, 400),
        (b'{"body": "a\\u0000b"}', 422),
        (b'{"body": "ok", "client_id": "nonsense"}', 422),
        (b'{"body": "ok", "reply_to": 0}', 422),
        (b'{"body": "ok", "reply_to": 99999999999999999999999}', 422),
        (b'{"body": "ok", "reply_to": 9223372036854775807}', 404),
        (b'{"body": " \\n "}', 422),
        (b'{"body": ["ok"]}', 422),
        (b"null", 422),
        (b'{"body": "' + b"x" * 10_001 + b'"}', 422),
        (b'{"body": "' + b"x" * 3_000_000 + b'"}', 413),
    ],
)
def test_a_bad_message_is_refused_and_nothing_is_kept(
    caller: Callers, bob: User, lobby: Room, raw: bytes, status: int
) -> None:
    answer = caller(bob).post("rooms/lobby/messages", raw=raw)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.data["status"] == status
    assert not Message.objects.exists()


def test_a_backslash_and_a_u_are_no_nul(caller: Callers, bob: User, lobby: Room) -> None:
    answer = caller(bob).post("rooms/lobby/messages", raw=rb'{"body": "\\u0000"}')
    assert (answer.status_code, answer.data["body"]) == (201, r"\u0000")


def test_what_was_sent_is_not_echoed(caller: Callers, bob: User, lobby: Room) -> None:
    answer = caller(bob).post("rooms/lobby/messages", {"body": {"secret": "hunter2"}})
    assert b"hunter2" not in answer.content


def test_the_same_id_again_shows_nothing_that_may_not_be_seen(
    caller: Callers, alice: User, bob: User, lobby: Room, den: Room
) -> None:
    ours = {"client_id": "0d9c5ab4-3e0d-4f4c-9d0e-0f8a3ae7e6d2", "body": "Hello"}
    bobs = caller(bob)
    first = bobs.post("rooms/den/messages", ours)
    assert (first.status_code, bobs.post("rooms/den/messages", ours).data) == (201, first.data)
    management.remove_member(den.pk, bob, alice)
    for room in ("den", "lobby"):
        again = bobs.post(f"rooms/{room}/messages", ours)
        assert again.status_code == 404, "not even by way of another room"
        assert "Hello" not in again.content.decode()
