"""What is in files goes after the commit that takes their rows away: a transaction that fails must
leave both. Called by the actions that delete attachments."""

import logging
from collections.abc import Collection, Iterable
from functools import partial

from django.db import transaction
from django.db.models.fields.files import FieldFile

from rooms.models import Attachment

logger = logging.getLogger(__name__)


def contents_of(rows: Iterable[Attachment]) -> list[FieldFile]:
    """All that is kept in files of them."""
    return [file for row in rows for file in (row.file, row.preview)]


def remove_contents_on_commit(files: Collection[FieldFile]) -> None:
    if files:
        transaction.on_commit(partial(_remove, files), robust=True)


def _remove(files: Collection[FieldFile]) -> None:
    for file in files:
        try:
            if file.name:
                file.storage.delete(file.name)
        except OSError as error:
            logger.warning("the file %s stays behind: %r", file.name, error)
