"""Archives that are damaged, hostile, or not ours; and what a manifest must say."""

import gzip
import hashlib
import io
import shutil
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rooms.backup import archive, compression, postgres_client
from rooms.backup.manifest import (
    Manifest,
    UnusableArchive,
    read,
    require_fitting,
    sums_read,
    sums_text,
)
from rooms.backup.postgres_client import PostgresClient

MANIFEST = Manifest(
    vendor="sqlite",
    version="1.0",
    made_at="2026-01-01T00:00:00+00:00",
    installation="abc",
    epoch="def",
    migrations={"rooms": ["0001_initial"]},
    counts={"rooms_user": 2},
    database="database.sqlite3",
    files=1,
    bytes=10,
    sums="",
)
NEEDS_ZSTD = pytest.mark.skipif(
    sys.version_info < (3, 14) and not shutil.which("zstd"), reason="zstd is not installed"
)
ENDINGS = [".tar.gz", pytest.param(".tar.zst", marks=NEEDS_ZSTD)]


def written(folder: Path, ending: str = ".tar.gz") -> Path:
    (folder / "database").write_bytes(b"rows")
    (folder / "media/attachments/ab").mkdir(parents=True)
    (folder / "media/attachments/ab/abc").write_bytes(b"a picture")
    path = folder / f"backup{ending}"
    with path.open("wb") as out, compression.writing(path.name, out) as stream:
        writer = archive.ArchiveWriter(stream)
        assert writer.add("database.sqlite3", folder / "database")
        for name in archive.files_below(folder / "media"):
            assert writer.add(f"media/{name}", folder / "media" / name)
        assert not writer.add("media/gone", folder / "media/gone")
        writer.close(replace(MANIFEST, sums=writer.add_sums()))
    return path


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("ending", ENDINGS)
def test_there_and_back(ending: str, tmp_path: Path, there: Path) -> None:
    manifest, files = archive.unpack(written(tmp_path, ending), there)
    assert manifest.migrations == MANIFEST.migrations
    assert files == ["media/attachments/ab/abc"]
    assert (there / "database.sqlite3").read_bytes() == b"rows"
    assert (there / files[0]).read_bytes() == b"a picture"
    assert (there / files[0]).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_one_that_is_cut_short(ending: str, share: float, tmp_path: Path, there: Path) -> None:
    path = written(tmp_path, ending)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnusableArchive):
        archive.unpack(path, there)


def test_a_file_that_changes_its_length_meanwhile(tmp_path: Path) -> None:
    for size, expected in ((2, b"ab"), (6, b"abcd\0\0")):
        hashed = archive.Hashed(io.BytesIO(b"abcd"), size)
        assert hashed.read(1) + hashed.read() == expected
        assert hashed.hexdigest() == hashlib.sha256(expected).hexdigest()


Entry = tuple[str, bytes, dict[str, Any]]


def made_by_hand(path: Path, *entries: Entry) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data, changed in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in changed.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (("../evil", b"x", {}), "leads out"),
        (("/etc/evil", b"x", {}), "not a plain file"),
        (("media/../../evil", b"x", {}), "leads out"),
        (("media/../evil", b"x", {}), "not a plain file"),
        (("media//evil", b"x", {}), "not a plain file"),
        (("media", b"x", {}), "nothing to do"),
        (("secret_key", b"x", {}), "nothing to do"),
        (("media/a", b"", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), "leads out|plain"),
        (("media/a", b"", {"type": tarfile.SYMTYPE, "linkname": "b"}), "not a plain file"),
        (("media/a", b"", {"type": tarfile.LNKTYPE, "linkname": "../b"}), "leads out|plain"),
        (("media/a", b"", {"type": tarfile.CHRTYPE}), "leads out|plain"),
        (("media/a", b"", {"type": tarfile.FIFOTYPE}), "leads out|plain"),
        (("media/a", b"", {"type": tarfile.DIRTYPE}), "not a plain file"),
    ],
)
def test_what_leads_out_or_is_no_file(entry: Entry, why: str, tmp_path: Path, there: Path) -> None:
    with pytest.raises(UnusableArchive, match=why):
        archive.unpack(made_by_hand(tmp_path / "x.tar.gz", entry), there)
    assert [each for each in tmp_path.rglob("evil")] == []


def parts(**changed: bytes) -> list[Entry]:
    """An archive's own, of which some are others."""
    data = {"database.sqlite3": b"rows", "media/a": b"a"}
    sums = sums_text({name: hashlib.sha256(each).hexdigest() for name, each in data.items()})
    digest = hashlib.sha256(sums.encode()).hexdigest()
    manifest = replace(MANIFEST, sums=digest).text().encode()
    whole = {**data, "SHA256SUMS": sums.encode(), "manifest.json": manifest}
    names = {"database": "database.sqlite3", "file": "media/a", "sums": "SHA256SUMS"}
    names["manifest"] = "manifest.json"
    for name, each in changed.items():
        whole[names[name]] = each
    return [(name, each, {}) for name, each in whole.items() if each != b"absent"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"database": b"other"}, "'database.sqlite3' is not what was written"),
        ({"file": b"b"}, "'media/a' is not what was written"),
        ({"file": b"absent"}, "'media/a' is not what was written"),
        ({"sums": b"0"}, "list of checksums"),
        ({"sums": b"absent"}, "damaged or not whole"),
        ({"manifest": b"absent"}, "damaged or not whole"),
        ({"manifest": b"{}"}, "no archive of manage.py backup"),
    ],
)
def test_what_is_not_as_it_was_written(
    changed: dict[str, bytes], why: str, tmp_path: Path, there: Path
) -> None:
    with pytest.raises(UnusableArchive, match=why):
        archive.unpack(made_by_hand(tmp_path / "x.tar.gz", *parts(**changed)), there)


def test_what_is_as_it_was_written(tmp_path: Path, there: Path) -> None:
    archive.unpack(made_by_hand(tmp_path / "x.tar.gz", *parts()), there)


def test_one_more_or_twice(tmp_path: Path, there: Path) -> None:
    more = made_by_hand(tmp_path / "x.tar.gz", *parts(), ("media/more", b"", {}))
    with pytest.raises(UnusableArchive, match="'media/more' is not what was written"):
        archive.unpack(more, there)


def test_a_file_twice(tmp_path: Path, there: Path) -> None:
    twice = made_by_hand(tmp_path / "x.tar.gz", *parts(), ("media/a", b"a", {}))
    with pytest.raises(UnusableArchive, match="twice"):
        archive.unpack(twice, there)


def test_something_else(tmp_path: Path, there: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(b"what is this" * 1000))
    with pytest.raises(UnusableArchive):
        archive.unpack(path, there)
    with pytest.raises(UnusableArchive, match="has to end with"):
        compression.require_known(tmp_path / "x.zip")


# The manifest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"tool": "parley backup", "format": 1}', "{" * 100_000, "\xff"]
)
def test_a_manifest_that_is_none(text: str) -> None:
    with pytest.raises(UnusableArchive):
        read(text.encode("latin-1"))


def test_a_manifest_of_another_format() -> None:
    with pytest.raises(UnusableArchive, match="its format is 2"):
        read(replace(MANIFEST, format=2).text().encode())
    assert read(MANIFEST.text().encode()) == MANIFEST


def test_whether_it_fits() -> None:
    known, apps = {("rooms", "0001_initial"), ("rooms", "0002_more")}, {"rooms"}
    require_fitting(MANIFEST, "sqlite", known, apps)
    with pytest.raises(UnusableArchive, match="DATABASE_URL names one of postgresql"):
        require_fitting(MANIFEST, "postgresql", known, apps)
    newer = replace(MANIFEST, migrations={"rooms": ["0001_initial", "0003_newer"]})
    with pytest.raises(UnusableArchive, match="a newer version .1.0.*rooms.0003_newer"):
        require_fitting(newer, "sqlite", known, apps)
    with pytest.raises(UnusableArchive, match="PARLEY_APPS"):
        require_fitting(replace(MANIFEST, migrations={"polls": []}), "sqlite", known, apps)


def test_sums() -> None:
    sums = {"media/a  b": "0" * 64, "x": "1" * 64}
    assert sums_read(sums_text(sums).splitlines()) == sums
    with pytest.raises(UnusableArchive):
        sums_read(["short  x"])


# PostgreSQL's client ------------------------------------------------------------------------------

SETTINGS = {
    "NAME": "parley",
    "USER": "ann",
    "PASSWORD": "s3cret",
    "HOST": "db",
    "PORT": "",
    "OPTIONS": {"pool": {}, "options": "-c x=1", "sslmode": "require"},
}


@pytest.fixture
def client_of_15(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that say what they were called with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in postgres_client.PROGRAMS:
        program = folder / name
        program.write_text(
            "#!/bin/sh\n"
            'if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 15.4"; exit; fi\n'
            f'echo "{name} $*" >> {tmp_path}/called\n'
            'echo "no way to postgres://ann:$PGPASSWORD@db/" >&2; exit ${FAIL:-0}\n'
        )
        program.chmod(0o700)
    monkeypatch.setattr(postgres_client, "folders", lambda: [folder])
    return tmp_path / "called"


def test_a_client_that_is_too_old_or_missing(
    client_of_15: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PostgresClient(SETTINGS, 15).major == 15
    with pytest.raises(UnusableArchive, match="pg_dump 15 is older than the server .16"):
        PostgresClient(SETTINGS, 16)
    with pytest.raises(UnusableArchive, match="older than what made the archive .17"):
        PostgresClient(SETTINGS, 14, maker=17)
    monkeypatch.setattr(postgres_client, "folders", list)
    with pytest.raises(UnusableArchive, match="were not found; install.*postgresql-client-15"):
        PostgresClient(SETTINGS, 15)


def test_no_command_line_and_no_error_has_the_password(
    client_of_15: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = PostgresClient(SETTINGS, 15)
    client.dump(tmp_path / "dump", "snapshot-1")
    client.script(tmp_path / "dump", tmp_path / "sql")
    client.execute([tmp_path / "sql"])
    called = client_of_15.read_text()
    assert "s3cret" not in called and "x=1" not in called
    assert "dbname=parley" in called and "sslmode=require" in called
    monkeypatch.setenv("FAIL", "3")
    with pytest.raises(UnusableArchive) as caught:
        PostgresClient(SETTINGS, 15).dump(tmp_path / "dump", "x")
    assert "ended with 3: no way to postgres://ann:***@db/" in str(caught.value)
