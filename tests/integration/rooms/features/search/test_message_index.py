"""The index of messages: kept up by the database, mended after a migration, done without where a
database cannot have it."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from rooms.features.messages import actions as said
from rooms.features.search import message_index, time_limit, walking
from rooms.features.search.finding import TOO_LONG, find
from rooms.limits import limits
from rooms.live import upkeep
from rooms.live.node import Node
from rooms.models import Message, Room, User
from rooms.protocol import Busy
from tests.support.sockets import run as run_live
from tests.support.waiting import until_async

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _whole_again() -> Iterator[None]:
    yield
    if not message_index.is_whole(connection):
        message_index.build(connection)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody sees too much to look at all of it."""
    monkeypatch.setattr(walking, "FEW_MESSAGES", -1)


def say(user: User, body: str) -> int:
    return cast(int, said.post_message(said.Post(user, "lobby", body))["id"])


def texts(user: User, query: str) -> list[str]:
    return [each.message.body for each in find(user, query, 50).found]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return " ".join(str(row) for row in cursor.fetchall())


def warnings() -> list[str]:
    found = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    return [str(each.id) for each in found if str(each.id).startswith("rooms.")]


def test_it_is_there_and_used(alice: User, lobby: Room) -> None:
    assert message_index.is_whole(connection)
    say(alice, "find me")
    if connection.vendor == "postgresql":
        run("SET enable_seqscan = off")
        asked = "EXPLAIN SELECT id FROM rooms_message WHERE body::text ~ '[Ff][Ii][Nn][Dd]'"
        assert message_index.GIN in plan(asked)
        run("RESET enable_seqscan")
    else:
        check_table()


def check_table() -> None:
    """It has all messages, and of each what it says now."""
    message_index.catch_up_with_all()
    index = message_index.TRIGRAMS
    run(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


@pytest.mark.once
def test_the_table_is_filled_behind_and_kept_right(
    alice: User, lobby: Room, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_index, "CATCH_UP_ROWS", 2)
    first, second, third = (say(alice, f"number {number}") for number in range(3))
    assert message_index.newest() < first, "a post does not wait for it"
    assert message_index.catch_up()
    assert message_index.newest() == second
    Message.objects.filter(pk=first).update(body="changed in it")
    Message.objects.filter(pk=third).update(body="changed behind it")
    assert texts(alice, "changed") == ["changed behind it", "changed in it"]
    assert texts(alice, "number") == ["number 1"]
    assert not message_index.catch_up()
    assert message_index.newest() == third
    assert texts(alice, "changed") == ["changed behind it", "changed in it"]
    Message.objects.get(pk=third).delete()
    assert texts(alice, "changed") == ["changed in it"]
    assert message_index.newest() == second
    say(alice, "changed for good")
    assert texts(alice, "changed") == ["changed for good", "changed in it"]
    check_table()


@pytest.mark.once
def test_web_processes_fill_it(alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_index, "CATCH_UP_ROWS", 2)
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.01)
    last = [say(alice, f"number {number}") for number in range(5)][-1]

    async def look() -> None:
        node = await Node.current()
        await node.ready.wait()

        async def full() -> bool:
            return await node.in_thread(message_index.newest) == last

        await until_async(full, what="the table has all")

    run_live(look)


@pytest.mark.once
def test_a_table_that_is_made_anew_gets_its_triggers_back(
    alice: User, lobby: Room, many: None
) -> None:
    """As any later migration may do."""
    before = say(alice, "said before")

    before_it = ProjectState.from_apps(apps)
    after_it = before_it.clone()
    change = migrations.AlterField("Message", "kind", models.CharField(max_length=20))
    change.state_forwards("rooms", after_it)
    with connection.schema_editor() as editor:
        change.database_forwards("rooms", editor, before_it, after_it)
    assert not message_index.is_whole(connection)
    assert "rooms.W004" in warnings()
    Message.objects.filter(pk=before).update(body="changed meanwhile")
    assert texts(alice, "changed meanwhile") == ["changed meanwhile"], "by ranges"
    call_command("migrate", verbosity=0)
    assert message_index.is_whole(connection)
    assert "rooms.W004" not in warnings()
    say(alice, "said after")
    assert texts(alice, "changed") == ["changed meanwhile"]
    assert texts(alice, "said") == ["said after"]
    check_table()


def test_a_database_that_cannot_have_it_is_searched_without(
    alice: User, lobby: Room, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_index.drop(connection)
    monkeypatch.setattr(message_index, "lacking", lambda connection: "this one has none.")
    message_index.repair("default")
    assert not message_index.is_whole(connection)
    assert "rooms.W004" in warnings()
    say(alice, "found all the same")
    assert texts(alice, "all the") == ["found all the same"]
    monkeypatch.undo()


@pytest.mark.postgresql
def test_an_index_whose_making_was_broken_off_is_made_again(alice: User, lobby: Room) -> None:
    run(
        f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{message_index.GIN}'::regclass"
    )
    assert not message_index.is_whole(connection)
    message_index.repair("default")
    assert message_index.is_whole(connection)


@pytest.mark.postgresql
def test_the_extension_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    message_index.drop(connection)
    run(
        "DROP EXTENSION pg_trgm",
        "DO $$ BEGIN CREATE ROLE small_rights; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "SET ROLE small_rights",
    )
    try:
        message_index.build(connection)
        assert message_index.lacking(connection) == message_index.NO_EXTENSION
    finally:
        run("RESET ROLE")
    assert not message_index.is_whole(connection)
    assert "rooms.W004" in warnings()
    assert message_index.lacking(connection), "to look makes nothing"
    message_index.repair("default")
    assert message_index.is_whole(connection)


# Time ---------------------------------------------------------------------------------------------


def test_a_search_that_takes_too_long_tells_how_far_it_came(
    alice: User, lobby: Room, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [say(alice, f"number {number}") for number in range(8)]
    monkeypatch.setattr(walking, "FIRST_RANGE", 2)
    monkeypatch.setattr(walking, "FIRST_BATCH", 2)
    monkeypatch.setattr(walking, "GROWTH", 1)
    monkeypatch.setattr(walking, "LARGEST_BATCH", 2)
    steps = walking.walk

    def slow(*given: Any) -> Iterator[Any]:
        """Two steps, and the time is over."""
        for number, step in enumerate(steps(*given)):
            if number == 2:
                raise time_limit.OutOfTime
            yield step

    monkeypatch.setattr(walking, "walk", slow)
    found: list[int] = []
    below = None
    for _ in range(20):
        findings = find(alice, "number", 50, below)
        found += [each.message.pk for each in findings.found]
        assert (findings.below is None) == (findings.looked_back_to is None)
        below = findings.below
        if below is None:
            break
    assert found == keys[::-1]


def test_the_database_ends_a_statement_that_takes_too_long(
    alice: User, lobby: Room, settings: Any
) -> None:
    endless = {
        "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT count(*) FROM n",
        "postgresql": "SELECT pg_sleep(60)",
    }[connection.vendor]
    with pytest.raises(time_limit.OutOfTime), time_limit.at_most(0.05) as prepare:
        prepare()
        run(endless)
    # And the connection is as it was.
    say(alice, "still here")
    assert texts(alice, "still") == ["still here"]
    settings.PARLEY_LIMITS = limits().model_copy(update={"search_seconds": 1e-9})
    with pytest.raises(Busy, match=TOO_LONG):
        find(alice, "still", 10)
