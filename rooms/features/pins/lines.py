"""What pinning looks like in the terminal: one quiet line each."""

from rooms.terminal.lines import Object, name


def pinned(told: Object) -> str:
    return f"—  {name(told['user'])} pinned message {int(told['message']['id'])}"


def unpinned(told: Object) -> str:
    return f"—  {name(told['user'])} unpinned message {int(told['message']['id'])}"
