"""Searching messages: what is found, by whom, and that it is up to date; on every database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms.features.files import actions as files
from rooms.features.members import actions as members
from rooms.features.messages import actions as said
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.features.rooms import actions, changes
from rooms.features.search import message_index, walking
from rooms.features.search.finding import find
from rooms.features.search.letters import fold
from rooms.features.tokens import actions as tokens
from rooms.limits import limits
from rooms.models import Ban, Message, Room, User
from rooms.protocol import Invalid, NotFound
from tests.support.caller import Caller

pytestmark = pytest.mark.django_db(transaction=True)

# What is looked for, and a text that holds it.
HELD = [
    ("ell", "Hello there"),
    ("HELLO", "hello"),
    ("grüße", "VIELE GRÜßE"),
    ("GRÜSS", "viele grüsse"),
    ("Straße", "die STRAßE"),
    ("ÄRGER", "kein ärger"),
    ("привет", "ПРИВЕТ, мир"),
    ("МИР", "Привет, мир"),
    ("σας", "ΓΕΙΑ ΣΑΣ"),
    ("会議", "明日の会議は三時です"),
    ("会議は三", "明日の会議は三時です"),
    ("の", "明日の会議"),
    ("👍🏽", "gut 👍🏽 so"),
    ("🎉🎉🎉", "hurra 🎉🎉🎉🎉"),
    ("100%", "it is 100% done"),
    ("a_b", "see a_b here"),
    ("\\d", "the \\d of it"),
    ("*bold*", "this is *bold* text"),
    ("[x]", "- [x] done"),
    ("a?b", "is a?b it"),
    ("near(", "NEAR(here there)"),
    ("or", "this OR that"),
    ("body:", "body: text"),
    ("^start", "see ^start"),
    ('"two words"', "these two words here"),
    ("“two words”", "these two words here"),
    ("$(x)", "run $(x) now"),
    ("{1,2}", "a{1,2}"),
    ("it's", "IT'S on"),
    ("http://a.example/b", "see http://a.example/b?c"),
    ("]", "a ] b"),
    ("[", "a [ b"),
    ("(?i)", "the flag (?i) here"),
    ("***:", "a ***: b"),
]
# A text that does not, though some database could think so.
NOT_HELD = [
    ("a%b", "a--b"),
    ("a_b", "axb"),
    ("a.b", "axb"),
    ("a*b", "axxb"),
    ("[ab]", "a"),
    ("\\w", "w"),
    ("grüsse", "grüße"),
    ("ı", "i"),
]


WAYS = ["all of them", "by the index", "by what it does not have yet", "by ranges"]


@pytest.fixture(autouse=True)
def _in_any_time(settings: Any) -> None:
    """What is found does not hang on how busy the machine is."""
    settings.PARLEY_LIMITS = limits().model_copy(update={"search_seconds": 60})


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way through the messages has to find the same."""
    if request.param != "all of them":
        monkeypatch.setattr(walking, "FEW_MESSAGES", -1)
        monkeypatch.setattr(walking, "FIRST_RANGE", 2)
        monkeypatch.setattr(walking, "FIRST_BATCH", 2)
        monkeypatch.setattr(walking, "NEAR_MESSAGES", 3)
    if request.param == "by the index":
        walk = walking.walk

        def caught_up(*given: Any) -> walking.Walk:
            message_index.catch_up_with_all()
            return walk(*given)

        monkeypatch.setattr(walking, "walk", caught_up)
    if request.param == "by ranges":
        monkeypatch.setattr(message_index, "is_whole", lambda connection: False)
    return cast(str, request.param)


def say(user: User, body: str, slug: str = "lobby") -> int:
    return cast(int, said.post_message(said.Post(user, slug, body))["id"])


def texts(user: User, query: str, limit: int = 50) -> list[str]:
    return [each.message.body for each in find(user, query, limit).found]


def test_texts_are_found_by_their_letters(way: str, alice: User, lobby: Room) -> None:
    for _, body in (*HELD, *NOT_HELD):
        say(alice, body)
    for query, body in HELD:
        assert body in texts(alice, query), query
    for query, body in NOT_HELD:
        assert body not in texts(alice, query), query


def test_all_words_have_to_be_there_and_none_that_is_taken_away(
    way: str, alice: User, lobby: Room
) -> None:
    say(alice, "red apple")
    say(alice, "green apple")
    say(alice, "red pear")
    assert texts(alice, "apple red") == ["red apple"]
    assert texts(alice, "apple -red") == ["green apple"]
    assert texts(alice, 'apple -"red ap"') == ["green apple"]
    assert texts(alice, "red") == ["red pear", "red apple"]


def test_filters(way: str, alice: User, bob: User, lobby: Room, den: Room) -> None:
    say(alice, "plan one")
    say(bob, "plan two")
    in_den = say(alice, "plan three", "den")
    assert texts(alice, "plan from:bob") == ["plan two"]
    assert texts(alice, "plan from:@Alice") == ["plan three", "plan one"]
    assert texts(bob, "plan from:me") == ["plan two"]
    assert texts(alice, "plan from:nobody") == []
    assert texts(alice, "plan from:bob from:alice in:lobby") == ["plan two", "plan one"]
    assert texts(alice, "in:den") == ["plan three"]
    Message.objects.filter(pk=in_den).update(created_at=timezone.now() - timedelta(days=40))
    day = (timezone.localdate() - timedelta(days=40)).isoformat()
    following = (timezone.localdate() - timedelta(days=39)).isoformat()
    assert texts(alice, f"plan before:{following}") == ["plan three"]
    assert texts(alice, f"plan after:{day} before:{following}") == ["plan three"]
    assert texts(alice, f"plan before:{day}") == []
    assert texts(alice, f"plan after:{following}") == ["plan two", "plan one"]
    assert texts(alice, "plan has:file") == []
    file = files.attach(lobby, alice, "a.txt", "text/plain", ContentFile(b"a"))
    file.message = Message.objects.get(body="plan one")
    file.save()
    assert texts(alice, "has:file") == ["plan one"]
    alice.first_name, alice.last_name = "Ana Maria", "Nowak"
    alice.save()
    assert texts(bob, 'from:"ana maria nowak" in:lobby') == ["plan one"]
    assert texts(bob, "before:0001-01-01 plan") == []
    assert texts(bob, "after:9999-12-31 plan") == []


def test_who_sees_a_room_finds_what_is_said_there(
    way: str, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    say(alice, "secret in the den", "den")
    say(alice, "secret in the lobby")
    assert texts(bob, "secret") == ["secret in the lobby", "secret in the den"]
    assert texts(charlie, "secret") == ["secret in the lobby"]
    for slug in ("den", "nowhere"):
        with pytest.raises(NotFound, match=f"There is no room '{slug}'"):
            find(charlie, f"secret in:{slug}", 10)
    ban = Ban.objects.create(room=lobby, user=charlie)
    assert texts(charlie, "secret") == []
    with pytest.raises(NotFound):
        find(charlie, "secret in:lobby", 10)
    ban.delete()
    members.leave(bob, "den")
    assert texts(bob, "secret") == ["secret in the lobby"]
    changes.change_room(lobby.pk, {"visibility": "private"}, by=alice)
    assert texts(charlie, "secret") == []


def test_what_is_posted_edited_or_deleted_counts_at_once(
    way: str, alice: User, bob: User, lobby: Room
) -> None:
    first = say(alice, "the first draft")
    assert texts(bob, "draft") == ["the first draft"]
    edit_message(said.Post(alice, "lobby", "the final text"), first)
    assert (texts(bob, "draft"), texts(bob, "final")) == ([], ["the final text"])
    said.post_message(said.Post(bob, "lobby", "Fine", reply_to=first))
    delete_message(alice, "lobby", first)
    assert Message.objects.filter(pk=first).exists()
    assert texts(bob, "final") == []
    assert texts(bob, "from:alice") == [], "what is left of it has no text"
    second = say(alice, "for a moment")
    delete_message(alice, "lobby", second)
    assert texts(bob, "moment") == []
    changes.delete_room(lobby.pk)
    assert texts(bob, "Fine") == []


def test_pages_follow_each_other(way: str, alice: User, lobby: Room) -> None:
    keys = [say(alice, f"number {number}") for number in range(9)]
    say(alice, "another")
    found: list[int] = []
    below = None
    for _ in range(9):
        findings = find(alice, "number", 2, below)
        found += [each.message.pk for each in findings.found]
        below = findings.below
        if below is None:
            break
    assert found == keys[::-1]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "Say which words"),
        ("  ", "Say which words"),
        ("-word", "Say which words"),
        ('""', "Say which words"),
        ("has:picture", "takes `file`"),
        ("before:yesterday", "takes a day"),
        ("after:2026-13-01", "takes a day"),
        ("after:20260501", "takes a day"),
        ("after:2026-W01-1", "takes a day"),
        ("before:2026-05-01 before:2026-05-02", "said once"),
        ("from:", "needs something"),
        ("in:the_room x", "address of a room"),
        ("-from:bob x", "cannot be taken away"),
        ("a " * 13, "at most 12"),
        ("a" * 251, "at most 250"),
        ("a\0", "is text"),
    ],
)
def test_what_cannot_be_searched_for_is_said(alice: User, query: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        find(alice, query, 10)


def test_queries_do_not_grow_with_what_is_found(alice: User, bob: User, lobby: Room) -> None:
    say(alice, "thing")
    with CaptureQueriesContext(
        connection,
    ) as few:
        find(alice, "thing", 50)
    for number in range(20):
        say(alice if number % 2 else bob, "thing again")
    with CaptureQueriesContext(connection) as many:
        assert len(find(alice, "thing", 50).found) == 21
    assert len(many) == len(few)


def test_rest(
    caller: Callable[[Any], Caller], alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    for number in range(3):
        say(alice, f"<b>Number</b> {number} &amp;")
    answer = caller(bob).get("search?q=number&limit=2")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    first = body["messages"][0]
    assert first["room"] == {"slug": "lobby", "name": "Lobby"}
    assert first["author"]["name"] == "Alice"
    assert first["url"] == f"/rooms/lobby/{first['id']}"
    assert first["excerpt"] == [
        {"text": "<b>", "match": False},
        {"text": "Number", "match": True},
        {"text": "</b> 2 &amp;", "match": False},
    ]
    assert body["looked_back_to"] is None


def test_rest_is_for_those_who_may_read(
    caller: Callable[[Any], Caller], alice: User, charlie: User, lobby: Room, den: Room
) -> None:
    say(alice, "of the den", "den")
    assert caller(None).get("search?q=den").status_code == 401
    assert caller(charlie).get("search?q=den").data["messages"] == []
    assert caller(charlie).get("search?q=den in:den").status_code == 404
    assert caller(charlie).get("search").status_code == 422
    assert caller(charlie).get("search?q=has:x").data["detail"].startswith("`has:` takes")
    assert caller(charlie).get(f"search?q={'x' * 251}").status_code == 422
    assert caller(charlie).get("search?q=x&cursor=x").status_code == 422
    reads = tokens.create_token(charlie, "reads", scopes=["read"])
    assert Caller(reads).get("search?q=den").status_code == 200
    runs = tokens.create_token(charlie, "runs", scopes=["write"])
    assert Caller(runs).get("search?q=den").status_code == 403


# Letters of several scripts, and what the databases take for more than a letter.
ALPHABET = "abAB äÄßéЯяж会議🎉%_\\*?[]\"'-.:()^$+{}|/#&<>\n"
text = st.text(ALPHABET, min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(st.tuples(st.integers(0, 2), text), min_size=1, max_size=8),
    terms=st.lists(st.tuples(st.booleans(), text), min_size=1, max_size=3),
)
def test_what_is_found_is_what_a_reader_would_have_picked(
    way: str,
    alice: User,
    bob: User,
    lobby: Room,
    den: Room,
    bodies: list[tuple[int, str]],
    terms: list[tuple[bool, str]],
) -> None:
    """Bob sees two of three rooms. Quoted, a text is looked for as it is."""
    attic = Room.objects.filter(slug="attic").first() or actions.create_room(
        alice, "attic", "Attic", visibility="private"
    )
    Message.objects.all().delete()
    slugs = ("lobby", "den", attic.slug)
    for where, body in bodies:
        say(alice, body, slugs[where])
    wanted = [term.replace('"', "").strip() for minus, term in terms if not minus]
    unwanted = [term.replace('"', "").strip() for minus, term in terms if minus]
    line = " ".join([f'"{each}"' for each in wanted] + [f'-"{each}"' for each in unwanted])
    if not any(wanted):
        return
    expected = [
        row.body
        for row in Message.objects.filter(room__slug__in=slugs[:2]).order_by("-pk")
        if all(fold(each) in fold(row.body) for each in wanted)
        and not any(each and fold(each) in fold(row.body) for each in unwanted)
    ]
    assert texts(bob, line) == expected
