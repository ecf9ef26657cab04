"""What reactions look like in the terminal: one quiet line each."""

from rooms.terminal.lines import Object, clean, name


def added(told: Object) -> str:
    return f"—  {name(told['user'])} reacted with {clean(told['emoji'])}"


def removed(told: Object) -> str:
    return f"—  {name(told['user'])} took {clean(told['emoji'])} back"
