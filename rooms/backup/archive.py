"""Archives, written and read as streams: the database, the files, the list of checksums, and last
the manifest, so that one that is cut short has none.

    database.sqlite3 or database.dump
    media/…
    SHA256SUMS
    manifest.json
"""

import gzip
import hashlib
import io
import os
import tarfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from . import compression
from .manifest import Manifest, UnusableArchive, read, sums_read, sums_text

SUMS, MANIFEST, MEDIA = "SHA256SUMS", "manifest.json", "media"
DATABASES = ("database.sqlite3", "database.dump")
PIECE = 1024 * 1024
# The manifest: names of migrations and tables. The list of checksums: 150 bytes for each file.
MOST_MANIFEST, MOST_SUMS = 4 * 2**20, 2**30
CUT_SHORT = "it is damaged or not whole"


class Hashed(io.RawIOBase):
    """Exactly `size` bytes of `file`, and their checksum: a file that is being written meanwhile,
    which nothing in the database names yet, may have got longer or shorter."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        size = self._left if size < 0 else min(size, self._left)
        data = self._file.read(size)
        data += bytes(size - len(data))
        self._left -= size
        self._digest.update(data)
        return data

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class ArchiveWriter:
    """Within `compression.writing`."""

    def __init__(self, stream: Any) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)
        self.sums: dict[str, str] = {}
        self.bytes = 0

    def add(self, name: str, path: Path) -> bool:
        """Whether it was still there."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        with file:
            there = os.fstat(file.fileno())
            hashed = Hashed(file, there.st_size)
            self._tar.addfile(entry(name, there.st_size, there.st_mtime), hashed)
        self.sums[name] = hashed.hexdigest()
        self.bytes += there.st_size
        return True

    def _add_text(self, name: str, text: str) -> None:
        data = text.encode()
        self._tar.addfile(entry(name, len(data), time.time()), io.BytesIO(data))

    def add_sums(self) -> str:
        """The checksum of the list."""
        text = sums_text(self.sums)
        self._add_text(SUMS, text)
        return hashlib.sha256(text.encode()).hexdigest()

    def close(self, manifest: Manifest) -> None:
        self._add_text(MANIFEST, manifest.text())
        self._tar.close()


def entry(name: str, size: int, moment: float) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.mtime, found.mode = size, int(moment), 0o600
    return found


def unpack(path: Path, folder: Path) -> tuple[Manifest, list[str]]:
    """All of an archive into `folder`, which is empty, and checked: each file has the checksum
    that was written down, and none is missing. Returns the names below `media/` as well. Raises
    UnusableArchive."""
    found: dict[str, str] = {}
    try:
        with compression.reading(path) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                name = _safe(member, folder, found)
                found[name] = _write(tar.extractfile(member), folder / name)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error):
        raise UnusableArchive(CUT_SHORT) from None
    if MANIFEST not in found or SUMS not in found:
        raise UnusableArchive(CUT_SHORT if found else "this is no archive of manage.py backup")
    manifest = read(_text(folder / MANIFEST, MOST_MANIFEST))
    if found[SUMS] != manifest.sums:
        raise UnusableArchive("its list of checksums is not the one that was written")
    wanted = sums_read(_text(folder / SUMS, MOST_SUMS).decode("utf-8", "replace").splitlines())
    there = {name: digest for name, digest in found.items() if name not in (SUMS, MANIFEST)}
    if manifest.database not in DATABASES or manifest.database not in wanted:
        raise UnusableArchive("it holds no database")
    for name in {**wanted, **there}:
        if wanted.get(name) != there.get(name):
            raise UnusableArchive(f"{name!r} is not what was written: checksums differ")
    return manifest, [name for name in wanted if name.startswith(f"{MEDIA}/")]


def _text(path: Path, most: int) -> bytes:
    if path.stat().st_size > most:
        raise UnusableArchive(f"its {path.name} is too long")
    return path.read_bytes()


def _safe(member: tarfile.TarInfo, folder: Path, found: dict[str, str]) -> str:
    """The name of an entry that is a file of those that there may be, within `folder`."""
    name = member.name
    try:
        filtered = tarfile.data_filter(member, str(folder))
    except tarfile.FilterError:
        raise UnusableArchive(f"{name!r} leads out of it") from None
    parts = name.split("/")
    plain = filtered is not None and filtered.name == name and member.isreg()
    if not plain or any(part in ("", ".", "..") for part in parts):
        raise UnusableArchive(f"{name!r} is not a plain file in it")
    if name in found:
        raise UnusableArchive(f"{name!r} is twice in it")
    if name not in (*DATABASES, SUMS, MANIFEST) and parts[0] != MEDIA or name == MEDIA:
        raise UnusableArchive(f"{name!r} has nothing to do in it")
    return name


def _write(source: IO[bytes] | None, path: Path) -> str:
    assert source is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        while piece := source.read(PIECE):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def files_below(root: Path) -> Iterator[str]:
    """Names of the files of a folder that others change meanwhile, in order."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix()
