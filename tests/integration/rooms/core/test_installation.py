"""The row that says which installation this is: made once, and its epoch renewed once by however
many find out at the same time that the database went back."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from redis.asyncio import Redis

from rooms.core import announcement, bell, installation
from rooms.core.channel_layers import CoreLayer, PubSubLayer
from rooms.core.installation import InstallationState
from rooms.models import Installation
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, call: Callable[[], InstallationState]) -> set[InstallationState]:
    """What `count` threads get that call at the same time, each with a connection of its own."""
    found: list[InstallationState] = []
    together = threading.Barrier(count)

    def run() -> None:
        together.wait()
        try:
            found.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count
    return set(found)


def test_the_row_is_made_once_by_however_many_ask_first() -> None:
    Installation.objects.all().delete()
    (known,) = at_once(8, installation.read)
    assert Installation.objects.count() == 1
    assert known.identity and known.epoch and known.number == 0


def test_however_many_find_out_at_once_agree_on_one_epoch() -> None:
    before = installation.read()
    (after,) = at_once(8, lambda: installation.renew(before))
    assert after == installation.read()
    assert after.epoch != before.epoch and after.identity == before.identity
    assert after.number == before.number + 1


def test_who_finds_out_late_gets_the_epoch_that_is_there() -> None:
    before = installation.read()
    after = installation.renew(before)
    assert installation.renew(before) == after


def test_an_epoch_that_went_back_with_the_database_is_not_used_again() -> None:
    old = installation.read()
    known = installation.renew(installation.renew(old))
    Installation.objects.update(epoch=old.epoch, number=old.number)
    fresh = installation.renew(known)
    assert fresh.epoch not in (old.epoch, known.epoch)
    assert fresh.number == known.number + 1


def test_the_command_begins_an_epoch_and_tells_everybody(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(bell, "epoch", lambda: rung.append(1))
    before = installation.read()
    call_command("restored")
    after = installation.read()
    assert (after.identity, after.number) == (before.identity, before.number + 1)
    assert after.epoch != before.epoch and rung
    call_command("restored", "--new-installation")
    assert installation.read().identity != before.identity
    assert installation.read().identity in capsys.readouterr().out


@pytest.fixture
def of_the_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PARLEY_INSTALLATION = ""
    monkeypatch.setattr(installation, "_identity", None)


@pytest.mark.usefixtures("of_the_database")
def test_all_names_in_redis_begin_with_the_installation() -> None:
    known = installation.read()
    assert installation.redis_prefix() == f"parley:{known.identity}"
    assert PubSubLayer(hosts=[])._kwargs["prefix"].startswith(installation.redis_prefix())
    assert CoreLayer(hosts=[]).prefix.startswith(installation.redis_prefix())


@pytest.mark.usefixtures("of_the_database")
def test_the_first_who_asks_may_be_on_a_loop() -> None:
    known = installation.read()

    async def ask() -> str:
        return installation.redis_prefix()

    assert asyncio.run(ask()) == f"parley:{known.identity}"


def test_the_environment_has_precedence(settings: Any) -> None:
    settings.PARLEY_INSTALLATION = "blue"
    assert installation.redis_prefix() == "parley:blue"


def test_another_database_under_the_same_name_is_warned_of(
    real_redis: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PARLEY_INSTALLATION = "announced"

    async def test() -> None:
        async with Redis.from_url(real_redis, decode_responses=True) as redis:
            own = "here:/db.sqlite3"
            assert await announcement.announce(redis, own) == set()
            assert await announcement.announce(redis, "there:/db.sqlite3") == {own}
            announcing = asyncio.create_task(announcement.keep_announcing(own))
            await until(lambda: "there:/db.sqlite3" in caplog.text, what="the warning")
            announcing.cancel()
            await asyncio.wait([announcing])

    with caplog.at_level(logging.WARNING):
        asyncio.run(test())
    assert caplog.text.count("Another database is announced") == 1


def test_a_database_has_a_name() -> None:
    assert announcement.database() == announcement.database() != ""
