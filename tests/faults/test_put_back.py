"""The database goes back to an earlier state: by a backup in its place, or under running processes
as with a standby that was behind. Nobody goes on from a position that is of another history."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.support import environment, postgres
from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import until_async

ROOM = "lobby"


@pytest.fixture
def two() -> Iterator[Site]:
    """Two web processes that know nothing of each other but over Redis and the database."""
    with Site(env={"PARLEY_POSITION_CHECK_SECONDS": "2"}, parts=("web", "web2")) as site:
        site.room(ROOM, "alice", "bob", "charlie")
        yield site


def put_back(site: Site, count: int) -> None:
    """What a standby looks like that was `count` events behind. `count` is of messages alone."""
    site.ask(
        "from django.db import transaction\n"
        "with transaction.atomic():\n"
        f"    room = Room.objects.select_for_update().get(slug={ROOM!r})\n"
        f"    seq = room.last_seq - {count}\n"
        "    Message.objects.filter(room=room, seq__gt=seq).delete()\n"
        "    Event.objects.filter(room=room, seq__gt=seq).delete()\n"
        f"    Room.objects.filter(pk=room.pk).update(last_seq=seq,"
        f" message_count=room.message_count - {count})\n"
    )


def history(site: Site, name: str) -> Any:
    with site.api(site.user(name)) as api:
        return api.get(f"/rooms/{ROOM}/messages").json()


async def in_a_new_epoch(client: SocketClient, before: str) -> None:
    """Until the client was sent away, has come back, and was told to load everything anew."""

    def there() -> bool:
        client.check()
        return ROOM in client.gaps and client.epochs[ROOM] != before

    await until_async(there, 60, "a new epoch")


@pytest.mark.parametrize("said_meanwhile", [0, 3, 5])
def test_rows_that_are_gone_under_running_processes(two: Site, said_meanwhile: int) -> None:
    """Who stayed connected hears what is said under the numbers that were given before."""
    alice, bob, charlie = (two.user(name).bearer for name in ("alice", "bob", "charlie"))

    async def drill() -> None:
        ana = SocketClient(two.socket_url, alice, loyal=True)
        ben = SocketClient(two.socket_url, bob, loyal=True)
        cyd = SocketClient(two.second_socket_url, charlie, loyal=True)
        async with ana, ben, cyd:
            for client in (ana, ben, cyd):
                await client.subscribe(ROOM)
            for number in range(6):
                last = await ana.say(ROOM, f"before {number}")
            for client in (ana, ben, cyd):
                await client.caught_up(ROOM, last["seq"])
            epoch = ben.epochs[ROOM]
            await asyncio.to_thread(put_back, two, 3)
            for number in range(said_meanwhile):
                sent = await ana.say(ROOM, f"meanwhile {number}")
                assert sent["seq"] == last["seq"] - 2 + number
            for client in (ana, ben, cyd):
                await in_a_new_epoch(client, epoch)
            assert ana.epochs[ROOM] == ben.epochs[ROOM] == cyd.epochs[ROOM]
            assert two.ask("list(Installation.objects.values_list('number', flat=True))") == [1]
            after = await ana.say(ROOM, "after")
            for client in (ana, ben, cyd):
                await client.caught_up(ROOM, after["seq"])
            # What a client does that was told to load everything anew.
            loaded = await asyncio.to_thread(history, two, "bob")
            assert loaded["epoch"] == ben.epochs[ROOM]
            assert [each["body"] for each in loaded["messages"]] == [
                *(f"before {number}" for number in range(3)),
                *(f"meanwhile {number}" for number in range(said_meanwhile)),
                "after",
            ]
            # Who was away all the time comes back with what it knew.
            async with SocketClient(two.second_socket_url, bob) as late:
                answer = await late.subscribe(ROOM, last["seq"], epoch)
                assert answer["recovered"] is False
                here = await late.subscribe(ROOM, after["seq"], answer["epoch"])
                assert here["recovered"] is True
                # A client of before, which does not know of epochs, is not believed any more.
                old = await late.subscribe(ROOM, after["seq"])
                assert old["recovered"] is False

    asyncio.run(drill())


def test_the_command_tells_running_processes(two: Site) -> None:
    alice, charlie = (two.user(name).bearer for name in ("alice", "charlie"))

    async def drill() -> None:
        ana = SocketClient(two.socket_url, alice, loyal=True)
        cyd = SocketClient(two.second_socket_url, charlie, loyal=True)
        async with ana, cyd:
            for client in (ana, cyd):
                await client.subscribe(ROOM)
            epoch = ana.epochs[ROOM]
            await asyncio.to_thread(two.manage, "restored")
            for client in (ana, cyd):
                await in_a_new_epoch(client, epoch)
                assert client.epochs[ROOM] == client.hello["epoch"]
            said = await ana.say(ROOM, "after")
            await cyd.caught_up(ROOM, said["seq"])

    asyncio.run(drill())


def backup(site: Site) -> str:
    """A copy of the database as it is: of SQLite's file while it is written, of PostgreSQL as a
    template, which nobody may be connected to."""
    if environment.database_url():
        name = f"{site.database_name}_backup"
        site.quiet()
        postgres.create(environment.database_url(), name, site.database_name)
        return name
    copy = str(site.folder / "backup.sqlite3")
    with closing(sqlite3.connect(site.folder / "db.sqlite3")) as there:
        with closing(sqlite3.connect(copy)) as here:
            there.backup(here)
    return copy


def restore(site: Site, copy: str) -> None:
    """Put it in the database's place, with everything stopped."""
    site.quiet()
    if environment.database_url():
        postgres.drop(environment.database_url(), site.database_name)
        postgres.create(environment.database_url(), site.database_name, copy)
        postgres.drop(environment.database_url(), copy)
        return
    for name in ("db.sqlite3-wal", "db.sqlite3-shm"):
        (site.folder / name).unlink(missing_ok=True)
    shutil.copy(copy, site.folder / "db.sqlite3")


@pytest.mark.parametrize("said", [True, False])
def test_a_backup_that_is_put_in_place(said: bool) -> None:
    """Whether somebody says so, or whoever starts on it has to find it out."""
    with Site(parts=("web",)) as site:
        site.room(ROOM, "alice", "bob")
        alice, bob = (site.user(name).bearer for name in ("alice", "bob"))

        async def before() -> tuple[int, str]:
            async with SocketClient(site.socket_url, alice) as ana:
                await ana.subscribe(ROOM)
                for number in range(3):
                    sent = await ana.say(ROOM, f"not in the backup {number}")
                return sent["seq"], ana.epochs[ROOM]

        async def after(position: int, epoch: str) -> None:
            ana = SocketClient(site.socket_url, alice)
            async with ana, SocketClient(site.socket_url, bob) as ben:
                assert ana.hello["epoch"] != epoch
                for number in range(5):
                    await ana.say(ROOM, f"after the restore {number}")
                answer = await ben.subscribe(ROOM, position, epoch)
                assert answer["recovered"] is False
                assert answer["epoch"] != epoch

        if environment.database_url():
            site.web.terminate()
        copy = backup(site)
        if environment.database_url():
            site.web.start()
        position, epoch = asyncio.run(before())
        site.web.terminate()
        restore(site, copy)
        if said:
            site.manage("restored")
        site.web.start()
        asyncio.run(after(position, epoch))
