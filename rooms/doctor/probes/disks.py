"""Folders and their disks, mail, and static files."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core import mail

from rooms.doctor.findings import Observation, Probe, register
from rooms.doctor.verdicts import disks
from rooms.pages import static_files

from .program import for_this_machine


def space() -> Iterator[Observation]:
    """Each disk once, though two folders may be on it."""
    seen = set()
    for about, folder in (
        ("Disk of the data", settings.DATA_DIR),
        ("Disk of the files", settings.MEDIA_ROOT),
        ("Disk of the pages' files", settings.STATIC_ROOT),
    ):
        there = nearest(Path(folder))
        if there.stat().st_dev not in seen:
            seen.add(there.stat().st_dev)
            yield disks.space(about, space_left(there))


def nearest(folder: Path) -> Path:
    """The folder, or the one above it that there is."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def space_left(folder: Path) -> disks.SpaceLeft:
    usage, more = shutil.disk_usage(folder), os.statvfs(folder)
    return disks.SpaceLeft(usage.free, usage.total, more.f_favail if more.f_files else None)


def writable() -> Iterator[Observation]:
    for about, folder in (("Data folder", settings.DATA_DIR), ("Files", settings.MEDIA_ROOT)):
        yield disks.writable(about, str(folder), why_not_writable(Path(folder)))


def why_not_writable(folder: Path) -> str | None:
    try:
        with tempfile.NamedTemporaryFile(dir=nearest(folder), prefix=".doctor-"):
            return None
    except OSError as error:
        return error.strerror or str(error)


def static() -> Iterator[Observation]:
    if settings.DEBUG:
        return
    folder = Path(settings.STATIC_ROOT) / static_files.version()
    is_there = folder.is_dir()
    yield disks.static(str(folder), is_there, None if is_there else why_not_writable(folder))


def letters() -> Iterator[Observation]:
    """The server is asked to let us in, and given no letter."""
    error = None
    if settings.SENDS_MAIL:
        connection = mail.get_connection()
        try:
            connection.open()
        except OSError as problem:
            error = f"{type(problem).__name__}: {problem}"
        finally:
            connection.close()
    yield disks.mail(settings.SENDS_MAIL, settings.DEFAULT_FROM_EMAIL, for_this_machine(), error)


register(
    Probe("space", "Disks and mail", space),
    Probe("writable", "Disks and mail", writable),
    Probe("static", "Disks and mail", static, seconds=15),
    # As long as a letter would wait, and for the name to be found.
    Probe("mail", "Disks and mail", letters, seconds=15),
)
