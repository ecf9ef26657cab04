"""The answers that a load balancer acts on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rooms import health
from rooms.database import pending_migrations, probe
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_alive_without_anything(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert not answer.cookies


def test_ready_when_all_parts_answer(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.json() == {"ok": True, "checks": {"database": "ok", "redis": "ok"}}
    assert answer.status_code == 200
    assert not answer.cookies


def test_not_ready_without_redis(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(health, "_redis", lambda: away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "checks": {"database": "ok", "redis": "failed"}}


def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no such host db.internal")

    monkeypatch.setattr(probe, "what_is_wrong", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
    assert b"internal" not in answer.content


def test_a_check_that_hangs_keeps_nobody_waiting(client: Client) -> None:
    release = threading.Event()
    begun = []

    def hang() -> None:
        begun.append(1)
        release.wait()

    health.register("disk", hang)
    try:
        for _ in range(2):
            answer = client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["checks"]["disk"] == "does not answer"
            assert answer.json()["checks"]["database"] == "ok"
        assert len(begun) == 1, "it is not begun again while it hangs"
        release.set()
        until(lambda: client.get("/readyz").status_code == 200)
    finally:
        release.set()
        health.unregister("disk")


def test_not_ready_before_its_migrations(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_migrations, "_applied", False)
    recorder = MigrationRecorder(connection)
    ((_, name),) = MigrationLoader(connection).graph.leaf_nodes("rooms")
    recorder.record_unapplied("rooms", name)
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert f"rooms.{name}" in answer.json()["checks"]["database"]
    finally:
        recorder.record_applied("rooms", name)
    assert client.get("/readyz").status_code == 200


def test_not_ready_when_it_can_be_read_only(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_written_at", None)
    with read_only(connection):
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] == "The database can be read only."
    until(lambda: client.get("/readyz").status_code == 200)


@contextmanager
def read_only(connection: Any) -> Iterator[None]:
    """For connections that are made from now on."""
    if connection.vendor == "sqlite":
        before = connection.settings_dict["OPTIONS"]["init_command"]
        init = "PRAGMA query_only = ON;"
        connection.settings_dict["OPTIONS"]["init_command"] = before + init
        close_connections()
        yield
        connection.settings_dict["OPTIONS"]["init_command"] = before
        close_connections()
        return
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    close_connections()
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    close_connections()


def close_connections() -> None:
    """This thread's, the pool's, and the one of the check."""
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    health.register("database", lambda: health.database())


def test_a_part_that_was_registered_is_asked(client: Client) -> None:
    health.register("live", lambda: "draining")
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["live"]) == (503, "draining")
    finally:
        health.unregister("live")
    assert client.get("/readyz").status_code == 200
