"""What edits and deletions look like in the terminal."""

from rooms.terminal.lines import Object, clean, name


def edited(told: Object) -> str:
    message = told["message"]
    if message["deleted"]:
        # It is deleted since, and that follows.
        return f"—  {name(message['author'])} edited a message"
    return f"—  {name(message['author'])} edited: {clean(message['body'])}"


def deleted(told: Object) -> str:
    message = told["message"]
    by, author = message["deleted"]["by"], message["author"]
    own = by is not None and author is not None and by["id"] == author["id"]
    return f"—  {name(by)} deleted {'a message' if own else f'a message of {name(author)}'}"
