"""Texts of other programs, put into Markdown so that they mean nothing there. Pure."""

import re
from typing import Any

LINE_CHARACTERS = 300
ADDRESS_CHARACTERS = 1_000

_signs = re.compile(r"[\\`*_{}\[\]<>()#+!|~@&:-]")


def line(value: Any, most: int = LINE_CHARACTERS) -> str:
    """One line of plain text; anything that is none is nothing."""
    if not isinstance(value, str):
        return ""
    shown = " ".join(value[: 4 * most].split())
    if len(shown) > most:
        shown = shown[: most - 1] + "…"
    return _signs.sub(r"\\\g<0>", shown)


def link(words: str, address: Any) -> str:
    """`words` are Markdown; without an address of the web they are no link."""
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        return words
    if len(address) > ADDRESS_CHARACTERS or any(each in address for each in " <>\n\r\t\\"):
        return words
    return f"[{words}](<{address}>)"


def part(told: Any, *path: str) -> Any:
    """What stands at the end of the path, or None where it is not what one would think."""
    for name in path:
        if not isinstance(told, dict):
            return None
        told = told.get(name)
    return told
