"""Statements put together by hand find what the ORM finds."""

from uuid import uuid4

import pytest
from django.db import connection

from rooms import actions, statements
from rooms.actions import Post
from rooms.models import Membership, Message, Room, User

pytestmark = pytest.mark.django_db


def test_rows_of_pairs_are_not_those_of_every_combination(
    alice: User, bob: User, lobby: Room, den: Room
) -> None:
    wanted = {(lobby.pk, alice.pk), (den.pk, bob.pk), (den.pk, 0)}
    found = statements.select_together(Membership, ("room_id", "user_id"), wanted)
    assert {(row.room_id, row.user_id) for row in found} == wanted - {(den.pk, 0)}
    assert sorted(row.pk for row in found) == sorted(
        Membership.objects.filter(room=lobby, user=alice).values_list("pk", flat=True)
    ) + sorted(Membership.objects.filter(room=den, user=bob).values_list("pk", flat=True))


def test_more_pairs_than_one_statement_takes(alice: User, lobby: Room) -> None:
    ids = [uuid4() for _ in range(statements.SELECT_ROWS + 10)]
    actions.post_messages([Post(alice, "lobby", "x", each) for each in ids])
    wanted = [(alice.pk, each) for each in [*ids, uuid4()]]
    found = statements.select_together(Message, ("author_id", "client_id"), wanted)
    assert {row.client_id for row in found} == set(ids)
    assert len(found) == len(ids)


def test_nothing_is_asked_when_nothing_is_wanted(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert statements.select_together(Membership, ("room_id", "user_id"), []) == []


# PostgreSQL goes through a small table in any case.
@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "names", "values"),
    [
        (Membership, ("room_id", "user_id"), (1, 1)),
        (Message, ("author_id", "client_id"), (1, uuid4())),
    ],
)
def test_an_index_finds_them(
    model: type, names: tuple[str, ...], values: tuple[object, ...], alice: User, lobby: Room
) -> None:
    """A table that is gone through for every batch of messages would grow slower with its size."""
    statement = statements._select_together(model, names, 3)
    fields = statements._fields(model, names)
    row = [f.get_db_prep_value(v, connection) for f, v in zip(fields, values, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", row * 3)
        plan = [detail for *_, detail in cursor.fetchall()]
    assert any(step.startswith(f"SEARCH {model._meta.db_table} USING") for step in plan), plan
