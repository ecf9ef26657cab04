"""`manage.py restore FILE`: what `manage.py backup` has written, put in place."""

import os
import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader

from rooms.backup import archive, compression, databases
from rooms.backup.manifest import Manifest, UnusableArchive, require_fitting


class Command(BaseCommand):
    help = (
        "Puts an archive of `manage.py backup` in place: checks all of it first, replaces the"
        " database, brings it up to this version, and lets everybody load their rooms anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="though there are accounts in the database"
        )
        parser.add_argument("--check", action="store_true", help="look, and change nothing")
        parser.add_argument(
            "--new-installation",
            action="store_true",
            help="it goes its own way beside the site it was made of: a name of its own in Redis",
        )

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        file = file.absolute()
        try:
            compression.require_known(file)
            scratch = Path(tempfile.mkdtemp(prefix=".restore-", dir=settings.DATA_DIR))
            try:
                manifest, files = archive.unpack(file, scratch)
                self._tell(manifest)
                require_usable_here(manifest)
                if options["check"]:
                    self.stdout.write("It is whole, and can be put in place here.")
                    return
                require_empty(options["replace"])
                before = databases.identity()
                self._put(manifest, files, scratch, options["replace"])
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        except UnusableArchive as error:
            raise CommandError(f"{file.name} was not put in place: {error}.") from None
        except (OSError, Error) as error:
            raise CommandError(f"{file.name} was not put in place: {error}") from None
        moved = bool(before) and databases.identity() != before
        call_command("migrate", verbosity=0, interactive=False)
        call_command("restored", new_installation=options["new_installation"], stdout=self.stdout)
        self.stdout.write("It is in place. Start the parts that were stopped.")
        if moved or options["new_installation"]:
            self.stdout.write("Start those that run again: the site has another name in Redis.")

    def _tell(self, manifest: Manifest) -> None:
        people = manifest.counts.get("rooms_user", 0)
        self.stdout.write(
            f"Made {manifest.made_at} by Parley {manifest.version} of installation"
            f" {manifest.installation or 'unknown'}: {people} people,"
            f" {manifest.counts.get('rooms_message', 0)} messages, {manifest.files} files."
        )

    def _put(self, manifest: Manifest, files: list[str], scratch: Path, replace: bool) -> None:
        """Files first: they have names of their own, and none takes another's place."""
        media = Path(settings.MEDIA_ROOT)
        put_files(scratch, files, media)
        databases.put(scratch / manifest.database, manifest, scratch)
        if replace:
            remove_all_but({name.removeprefix(f"{archive.MEDIA}/") for name in files}, media)


def require_usable_here(manifest: Manifest) -> None:
    loader = MigrationLoader(None)
    known = {*loader.disk_migrations, *loader.replacements}
    for migration in loader.disk_migrations.values():
        known |= set(migration.replaces)
    labels = {each.label for each in apps.get_app_configs()}
    require_fitting(manifest, connection.vendor, known, labels)


def require_empty(replace: bool) -> None:
    there = databases.people()
    if there and not replace:
        raise UnusableArchive(
            f"there are {there} accounts in the database, which would be gone; --replace does it"
        )


def put_files(scratch: Path, files: list[str], media: Path) -> None:
    for name in files:
        place = media / name.removeprefix(f"{archive.MEDIA}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(scratch / name, place)
        except OSError:
            # The folder of files may be on a disk of its own.
            shutil.copyfile(scratch / name, place)
            place.chmod(settings.FILE_UPLOAD_PERMISSIONS)


def remove_all_but(names: set[str], media: Path) -> None:
    """What the database that was there before had named."""
    for name in list(archive.files_below(media)):
        if name not in names:
            (media / name).unlink(missing_ok=True)
