"""What REST, pages and sockets say of a database that is away, silent, read-only or full."""

from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError
from django.test import Client

from rooms.database import trouble
from rooms.database.deadlines import Silent
from rooms.models import Room
from rooms.protocol import OVERLOADED

pytestmark = pytest.mark.django_db


def raised(kind: type[Exception], cause: Exception | None, text: str = "") -> Exception:
    error = kind(text or str(cause))
    error.__cause__ = cause
    return error


def break_rooms(monkeypatch: pytest.MonkeyPatch, fail: Any) -> None:
    """Whatever looks a room up fails."""
    monkeypatch.setattr(Room, "from_db", fail)


TROUBLES = [
    (raised(OperationalError, Silent("no answer")), trouble.SILENT),
    (raised(OperationalError, psycopg.OperationalError("refused")), trouble.SILENT),
    (raised(InterfaceError, None, "connection already closed"), trouble.SILENT),
    (raised(InternalError, psycopg.errors.ReadOnlySqlTransaction("x")), trouble.READ_ONLY),
    (
        raised(InternalError, psycopg.errors.IdleInTransactionSessionTimeout("x")),
        trouble.SILENT,
    ),
    (raised(OperationalError, psycopg.errors.DiskFull("x")), trouble.FULL),
    (raised(OperationalError, psycopg.errors.QueryCanceled("x")), trouble.BUSY),
    (raised(OperationalError, psycopg.errors.LockNotAvailable("x")), trouble.BUSY),
    (
        raised(OperationalError, None, "attempt to write a readonly database"),
        trouble.READ_ONLY,
    ),
    (raised(OperationalError, None, "database or disk is full"), trouble.FULL),
    (raised(OperationalError, None, "database is locked"), trouble.BUSY),
    (raised(OperationalError, None, "unable to open database file"), trouble.SILENT),
]
FAULTS = [
    raised(ProgrammingError, psycopg.errors.UndefinedTable("x")),
    raised(OperationalError, None, "no such table: rooms_room"),
    ValueError("x"),
]


@pytest.mark.parametrize(("error", "text"), TROUBLES)
def test_the_same_words_everywhere(
    error: Exception,
    text: str,
    client: Client,
    alice: Any,
    lobby: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise error

    break_rooms(monkeypatch, fail)
    client.force_login(alice)
    client.raise_request_exception = False
    api = client.get("/api/v1/rooms")
    assert (api.status_code, api.json()["code"], api.json()["temporary"]) == (503, "busy", True)
    assert api.json()["detail"] == text
    assert int(api["Retry-After"]) >= 1
    page = client.get("/rooms/")
    assert page.status_code == 503
    assert text in page.content.decode()
    assert int(page["Retry-After"]) >= 1
    bye = trouble.close(error)
    assert bye is not None
    assert (bye.code, bye.reason, bye.reconnect) == (OVERLOADED.code, text, True)


@pytest.mark.parametrize("error", FAULTS)
def test_a_fault_of_ours_is_not_called_trouble(
    error: Exception, client: Client, alice: Any, lobby: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    break_rooms(monkeypatch, fail)
    client.force_login(alice)
    client.raise_request_exception = False
    assert client.get("/api/v1/rooms").status_code == 500
    assert client.get("/rooms/").status_code == 500
    assert trouble.close(error) is None
