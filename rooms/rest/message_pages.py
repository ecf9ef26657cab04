"""Pages of messages, bounded by how long they are as well. Used by REST of history and threads."""

from django.db.models import QuerySet

from rooms.models import Message

PAGE_CHARACTERS = 500_000
ROWS_PER_READ = 50


def page_of_messages(messages: QuerySet[Message], limit: int) -> tuple[list[Message], bool]:
    """The first of them, and whether there are more: `limit` at most, and of long ones as many as
    make `PAGE_CHARACTERS`, because nobody else is served while an answer is put together."""
    rows: list[Message] = []
    characters = 0
    for row in messages[: limit + 1].iterator(chunk_size=ROWS_PER_READ):
        if len(rows) == limit or characters > PAGE_CHARACTERS:
            return rows, True
        rows.append(row)
        characters += len(row.body) + len(row.html)
    return rows, False
