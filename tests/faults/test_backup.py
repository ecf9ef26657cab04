"""Backups that are made while people talk, and are put in place: on an empty site, on the one they
were made of while it runs, and on nothing that they do not fit."""

import asyncio
import hashlib
import json
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import until_async

ROOM = "lobby"
NEWEST = "9999_of_the_future"
NEEDS_ZSTD = pytest.mark.skipif(
    sys.version_info < (3, 14) and not shutil.which("zstd"), reason="zstd is not installed"
)


def bring(site: Site, name: str, text: bytes) -> str:
    """A file of a message; its id."""
    with site.api(site.user("alice")) as api:
        files = {"file": (name, text, "text/plain")}
        upload = api.post(f"/rooms/{ROOM}/uploads", files=files)
        assert upload.status_code == 201, upload.text
        said = api.post(
            f"/rooms/{ROOM}/messages", json={"body": name, "files": [upload.json()["id"]]}
        )
        assert said.status_code == 201, said.text
    return str(upload.json()["id"])


def bodies(site: Site) -> list[str]:
    return list(site.ask("list(Message.objects.order_by('seq').values_list('body', flat=True))"))


def is_consistent(site: Site) -> bool:
    """Each room is where its log ends, and each file that is named is there as it was."""
    return bool(
        site.ask(
            "result = all(\n"
            "    room.last_seq == (Event.objects.filter(room=room).order_by('seq').last().seq)\n"
            "    for room in Room.objects.all()\n"
            ") and all(\n"
            "    each.file.storage.exists(each.file.name) and each.file.size == each.size\n"
            "    for each in Attachment.objects.all()\n"
            ")\n"
        )
    )


async def talk(site: Site, stop: asyncio.Event, acked: list[str], start: asyncio.Event) -> None:
    async with SocketClient(site.socket_url, site.user("alice").bearer) as ana:
        await ana.subscribe(ROOM)
        while not stop.is_set():
            body = f"said {len(acked)}"
            await ana.say(ROOM, body)
            acked.append(body)
            if len(acked) >= 20:
                start.set()


def backed_up_while_people_talk(site: Site, path: Path) -> list[str]:
    """What was acknowledged before it began."""
    before: list[str] = []

    async def drill() -> None:
        stop, start = asyncio.Event(), asyncio.Event()
        acked: list[str] = []
        talking = asyncio.create_task(talk(site, stop, acked, start))
        try:
            waiting = asyncio.create_task(start.wait())
            await asyncio.wait({talking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            before.extend(acked)
            await asyncio.to_thread(site.manage, "backup", str(path))
            assert len(acked) > len(before), "people went on meanwhile"
        finally:
            stop.set()
            await talking

    asyncio.run(drill())
    return before


@pytest.mark.parametrize("ending", ["tar.gz", pytest.param("tar.zst", marks=NEEDS_ZSTD)])
def test_what_was_acknowledged_before_it_began_is_there_after_the_restore(
    ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"backup.{ending}"
    with Site(parts=("web",)) as site, Site(parts=()) as other:
        site.room(ROOM, "alice", "bob")
        file = bring(site, "notes", b"what a file holds" * 1000)
        said = backed_up_while_people_talk(site, path)
        assert path.stat().st_mode & 0o077 == 0
        known = site.ask("[list(r) for r in Installation.objects.values_list('identity', 'epoch')]")
        shown = other.manage("restore", str(path), "--check").stdout
        assert "It is whole" in shown and known[0][0] in shown
        assert other.ask("User.objects.count()") == 0
        other.quiet()
        other.manage("restore", str(path), "--new-installation")
        found = bodies(other)
        assert len(said) >= 20 and {*said, "notes"} <= {*found}
        assert is_consistent(other)
        assert other.ask(
            "[str(each) for each in Attachment.objects.values_list('pk', flat=True)]"
        ) == [file]
        now = other.ask("[list(r) for r in Installation.objects.values_list('identity', 'epoch')]")
        assert now[0][0] != known[0][0] and now[0][1] != known[0][1]
        # It is a site like any other.
        other.web.start()
        with with_old_token(other, site) as api:
            answer = api.get(f"{other.url}/attachments/{file}/notes")
            assert answer.status_code == 200 and answer.content == b"what a file holds" * 1000
            assert api.post(f"/rooms/{ROOM}/messages", json={"body": "on"}).status_code == 201
        # A second one is refused, and what is there stays.
        again = other.manage("restore", str(path), check=False)
        assert again.returncode == 1 and "--replace" in again.stderr
        assert bodies(other)[-1] == "on"


def with_old_token(other: Site, site: Site) -> Any:
    """REST of the one, with a token that the backup brought along."""
    api = other.api()
    api.headers.update(site.user("alice").bearer)
    return api


def test_put_back_under_those_who_are_connected(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.gz"
    with Site(parts=("web",)) as site:
        site.room(ROOM, "alice", "bob")
        kept = bring(site, "kept", b"kept")

        async def drill() -> None:
            ana = SocketClient(site.socket_url, site.user("alice").bearer, loyal=True)
            ben = SocketClient(site.socket_url, site.user("bob").bearer, loyal=True)
            async with ana, ben:
                for client in (ana, ben):
                    await client.subscribe(ROOM)
                await ana.say(ROOM, "in the backup")
                await asyncio.to_thread(site.manage, "backup", str(path))
                await ana.say(ROOM, "after the backup")
                await asyncio.to_thread(bring, site, "later", b"later")
                epoch = ben.epochs[ROOM]
                await asyncio.to_thread(site.quiet)
                await asyncio.to_thread(site.manage, "restore", str(path), "--replace")

                def anew() -> bool:
                    for client in (ana, ben):
                        client.check()
                    return all(
                        ROOM in client.gaps and client.epochs[ROOM] != epoch
                        for client in (ana, ben)
                    )

                await until_async(anew, 60, "a new epoch")
                said = await ana.say(ROOM, "after the restore")
                await ben.caught_up(ROOM, said["seq"])

        asyncio.run(drill())
        assert bodies(site) == ["kept", "in the backup", "after the restore"]
        assert is_consistent(site)
        media = site.folder / "media"
        files = [each.name for each in media.rglob("*") if each.is_file()]
        assert files == [kept.replace("-", "")]


def changed(path: Path, target: Path, change: Any) -> None:
    """The same archive with another manifest."""
    folder = path.parent / "unpacked"
    with tarfile.open(path) as tar:
        tar.extractall(folder, filter="data")
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest, folder)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(target, "w:gz") as tar:
        for each in sorted(folder.rglob("*"), key=lambda each: each.name == "manifest.json"):
            if each.is_file():
                tar.add(each, each.relative_to(folder).as_posix())
    shutil.rmtree(folder)


def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    path, bad = tmp_path / "backup.tar.gz", tmp_path / "bad.tar.gz"

    def newer(manifest: dict[str, Any], folder: Path) -> None:
        manifest["migrations"]["rooms"].append(NEWEST)

    def elsewhere(manifest: dict[str, Any], folder: Path) -> None:
        manifest["vendor"] = "postgresql" if manifest["vendor"] == "sqlite" else "sqlite"

    def damaged(manifest: dict[str, Any], folder: Path) -> None:
        database = folder / manifest["database"]
        database.write_bytes(database.read_bytes()[:-1] + b"x")

    def unsound(manifest: dict[str, Any], folder: Path) -> None:
        """Its checksums are right, and it is no database all the same."""
        (folder / manifest["database"]).write_bytes(b"no database " * 1000)
        sums = folder / "SHA256SUMS"
        lines = [line for line in sums.read_text().splitlines() if "  media/" in line]
        digest = hashlib.sha256(b"no database " * 1000).hexdigest()
        sums.write_text(
            "".join(f"{each}\n" for each in [*lines, f"{digest}  {manifest['database']}"])
        )
        manifest["sums"] = hashlib.sha256(sums.read_bytes()).hexdigest()

    with Site(parts=("web",)) as site:
        site.room(ROOM, "alice")
        bring(site, "notes", b"notes")
        site.manage("backup", str(path))
        twice = site.manage("backup", str(path), check=False)
        assert twice.returncode == 1 and "is there already" in twice.stderr
        odd = site.manage("backup", str(tmp_path / "x.zip"), check=False)
        assert odd.returncode == 1 and ".tar.zst or .tar.gz" in odd.stderr
        bring(site, "later", b"later")
        for change, why in (
            (newer, NEWEST),
            (elsewhere, "DATABASE_URL names one of"),
            (damaged, "checksums differ"),
            (unsound, "was not put in place"),
        ):
            changed(path, bad, change)
            done = site.manage("restore", str(bad), "--replace", check=False)
            assert done.returncode == 1 and why in done.stderr, done.stderr
            assert "Traceback" not in done.stderr
        gone = site.manage("restore", str(tmp_path / "none.tar.gz"), check=False)
        assert gone.returncode == 1 and "No such file" in gone.stderr
        assert bodies(site) == ["notes", "later"]
        assert is_consistent(site)
        assert list(site.folder.glob(".restore-*")) == list(tmp_path.glob(".*")) == []


def test_an_older_one_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.gz"
    with Site(parts=()) as site, Site(parts=()) as other:
        site.user("alice")
        last = site.ask(
            "from django.db.migrations.loader import MigrationLoader\n"
            "result = MigrationLoader(None).graph.leaf_nodes('rooms')[0][1]\n"
        )
        site.quiet()
        before = site.ask(
            "from django.db.migrations.loader import MigrationLoader\n"
            f"result = MigrationLoader(None).graph.node_map['rooms', {last!r}].parents\n"
            "result = [each.key[1] for each in result if each.key[0] == 'rooms'][0]\n"
        )
        site.quiet()
        site.manage("migrate", "rooms", before, "--verbosity=0")
        site.manage("backup", str(path))
        other.manage("restore", str(path))
        pending = other.manage("migrate", "--check", check=False)
        assert pending.returncode == 0, pending.stdout
        assert other.ask("User.objects.count()") == 1
