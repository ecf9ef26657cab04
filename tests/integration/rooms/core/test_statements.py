"""Statements put together by hand find what the ORM finds."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from rooms.core import statements
from rooms.features.messages import actions as messages
from rooms.features.messages.actions import MessageRow, Post
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
    messages.post_messages([Post(alice, "lobby", "x", each) for each in ids])
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
    model: type[Model], names: tuple[str, ...], values: tuple[object, ...], alice: User, lobby: Room
) -> None:
    """A table that is gone through for every batch of messages would grow slower with its size."""
    statement = statements._select_together(model, names, 3)
    fields = statements._fields(model, names)
    row = [f.get_db_prep_value(v, connection) for f, v in zip(fields, values, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", row * 3)
        plan = [detail for *_, detail in cursor.fetchall()]
    assert any(step.startswith(f"SEARCH {model._meta.db_table} USING") for step in plan), plan


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_keys_come_in_the_order_of_the_rows(
    count: int, alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they fit into one statement, or one of several is left over."""
    monkeypatch.setattr(statements, "INSERT_ROWS", 3)
    at = timezone.now()
    bodies = [f"{number} 👋" for number in range(count)]
    ids = [uuid4() if number % 2 else None for number in range(count)]
    rows = [
        MessageRow(lobby.pk, 1000 + n, n, alice.pk, "text", bodies[n], "<p>", None, ids[n], at)
        for n in range(count)
    ]
    keys = statements.insert_for_keys(Message, rows)
    found = Message.objects.in_bulk(keys)
    assert [found[key].body for key in keys] == bodies
    assert [found[key].client_id for key in keys] == ids
    assert {found[key].created_at for key in keys} == ({at} if count else set())


class Counted(NamedTuple):
    message_count: int
    active_at: datetime
    pk: int


def test_each_row_gets_its_own_values(lobby: Room, den: Room) -> None:
    later, latest = (timezone.now() + timedelta(days=days) for days in (1, 2))
    rows = [Counted(7, later, lobby.pk), Counted(9, latest, den.pk)]
    statements.update(Room, rows)
    assert (
        list(
            Room.objects.filter(pk__in=[lobby.pk, den.pk])
            .order_by("message_count")
            .values_list("message_count", "active_at", "pk")
        )
        == rows
    )
    statements.update(Room, [])


def test_columns_that_were_left_out_are_read_when_they_are_asked_for(lobby: Room) -> None:
    (row,) = statements.select(Room, only=("id", "created_at"), slug=["lobby"])
    assert row.get_deferred_fields() >= {"name", "active_at"}
    assert (row.pk, row.created_at, row.name) == (lobby.pk, lobby.created_at, lobby.name)


class NewMembership(NamedTuple):
    room_id: int
    user_id: int


def test_columns_that_a_row_does_not_name_get_their_defaults(lobby: Room, charlie: User) -> None:
    """A model takes a new column without a change here: its default is its default."""
    statements.insert(Membership, [NewMembership(lobby.pk, charlie.pk)])
    found = Membership.objects.get(room=lobby, user=charlie)
    by_orm = Membership(room=lobby, user=charlie)
    assert (found.role, found.read_seq) == (by_orm.role, by_orm.read_seq)
    assert abs(found.joined_at - timezone.now()) < timedelta(hours=1)


def test_a_row_to_update_says_which_one_it_is(lobby: Room) -> None:
    with pytest.raises(ValueError, match="pk"):
        statements.update(Membership, [NewMembership(lobby.pk, 1)])
