"""The answers that a load balancer acts on."""

import pytest
import redis
from django.db import OperationalError, connection

from rooms import health

pytestmark = pytest.mark.django_db(transaction=True)


def test_alive_without_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert not answer.cookies


def test_ready_when_all_parts_answer(client):
    answer = client.get("/readyz")
    assert answer.json() == {"ok": True, "checks": {"database": "ok", "redis": "ok"}}
    assert answer.status_code == 200
    assert not answer.cookies


def test_not_ready_without_redis(client, monkeypatch):
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(health, "_redis", lambda: away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "checks": {"database": "ok", "redis": "failed"}}


def test_not_ready_without_the_database(client, monkeypatch):
    def fail():
        raise OperationalError("no such host db.internal")

    monkeypatch.setattr(connection, "cursor", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
    assert b"internal" not in answer.content


def test_a_part_that_was_registered_is_asked(client):
    health.register("live", lambda: "draining")
    try:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["live"]) == (503, "draining")
    finally:
        health.unregister("live")
    assert client.get("/readyz").status_code == 200
