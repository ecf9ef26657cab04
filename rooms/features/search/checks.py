"""Whether searching messages has what makes it fast: asked by `check --database default`, and by
`migrate`, which is what can mend it."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connections

from . import message_index


@register(Tags.database)
def message_search(
    app_configs: Any, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        try:
            if not message_index.is_migrated(connection):
                continue
            if not message_index.is_whole(connection):
                found.append(
                    Warning(
                        "Searching messages has no index: it looks at one message after the other.",
                        hint=message_index.lacking(connection) or "manage.py migrate makes it.",
                        id="rooms.W004",
                    )
                )
            elif message_index.knows_ascii_alone(connection):
                found.append(
                    Warning(
                        "The database's LC_CTYPE is C, so its index of messages knows no letters"
                        " but those of English: others are searched for without it.",
                        hint="Make the database with another one, as LC_CTYPE 'C.UTF-8'.",
                        id="rooms.W005",
                    )
                )
        except DatabaseError:
            # That it is away is said by others.
            continue
    return found
