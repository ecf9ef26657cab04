"""What is one emoji: the list of Unicode, as `tests.emoji_table` wrote it for the page and for us.

Pure but for reading that file, once a process and when somebody first reacts.
"""

import json
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parents[2] / "static" / "rooms" / "features" / "reactions" / "emoji.json"
# In code points; the longest there is has 10.
MOST_CHARACTERS = 32
# Says that what stands before it is to be shown as a picture. Many programs leave it out.
SELECTOR = "\ufe0f"
LIGHTEST, TONES = "\U0001f3fb", "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


@cache
def _known() -> dict[str, str]:
    """Every emoji as it is written in full, by what it is without its selectors."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    found = set(table["mixed"].split(" "))
    for _, entries in table["groups"]:
        for text, _, _, _, *toned in entries:
            found.add(text)
            found.update(each.replace(LIGHTEST, tone) for each in toned for tone in TONES)
    return {text.replace(SELECTOR, ""): text for text in found}


def in_full(text: str) -> str | None:
    """The one emoji that `text` is, as everybody is told it, or None: it is something else."""
    if len(text) > MOST_CHARACTERS:
        return None
    return _known().get(text.replace(SELECTOR, ""))
