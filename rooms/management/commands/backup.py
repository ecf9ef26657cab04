"""`manage.py backup FILE.tar.zst`: the database and the files in one archive, while people talk."""

import os
import shutil
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rooms.backup import archive, compression, databases
from rooms.backup.manifest import Manifest, UnusableArchive


class Command(BaseCommand):
    help = (
        "Writes the database and all files into one archive, FILE.tar.zst or FILE.tar.gz, while the"
        " site runs. Everything that was acknowledged before it began is in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        file = file.absolute()
        try:
            compression.require_known(file)
            if file.exists():
                raise UnusableArchive(f"{file} is there already")
            with draft_beside(file) as (draft, scratch):
                manifest = self._write(draft, file.name, scratch)
        except UnusableArchive as error:
            raise CommandError(f"No backup was made: {error}.") from None
        except OSError as error:
            raise CommandError(f"No backup was made: {error}") from None
        size = file.stat().st_size / 2**20
        people = manifest.counts.get("rooms_user", 0)
        self.stdout.write(
            f"{file}: {size:.1f} MB, with {manifest.files} files, {people} people and"
            f" {manifest.counts.get('rooms_message', 0)} messages."
        )

    def _write(self, draft: Path, name: str, scratch: Path) -> Manifest:
        made_at = timezone.now().isoformat(timespec="seconds")
        copy = scratch / "database"
        # Before the files: each of them is written before the row that names it.
        facts = databases.take(copy)
        with draft.open("wb") as out, compression.writing(name, out) as stream:
            writer = archive.ArchiveWriter(stream)
            writer.add(facts.name, copy)
            copy.unlink()
            root = Path(settings.MEDIA_ROOT)
            files = sum(
                writer.add(f"{archive.MEDIA}/{each}", root / each)
                for each in archive.files_below(root)
                if root / each not in (draft, copy)
            )
            manifest = Manifest(
                vendor="sqlite" if facts.name.endswith("sqlite3") else "postgresql",
                version=settings.VERSION,
                made_at=made_at,
                installation=facts.installation,
                epoch=facts.epoch,
                migrations=facts.migrations,
                counts=facts.counts,
                database=facts.name,
                files=files,
                bytes=writer.bytes,
                sums=writer.add_sums(),
                client=facts.client,
                server=facts.server,
            )
            writer.close(manifest)
        return manifest


@contextmanager
def draft_beside(file: Path) -> Iterator[tuple[Path, Path]]:
    """A file that gets its name when it is whole and on the disk, and a folder for what is between;
    both are readable by their owner alone."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{file.name}-", dir=file.parent))
    try:
        draft = scratch / "draft"
        draft.touch(mode=0o600)
        yield draft, scratch
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        try:
            # Unlike `rename`, this replaces nothing.
            os.link(draft, file)
        except FileExistsError:
            raise UnusableArchive(f"{file} is there already") from None
        except OSError:
            # A file system without links.
            draft.rename(file)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
