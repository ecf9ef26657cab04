"""Make `emoji.json`, which the server knows emoji by and the page offers them from.

python -m tests.emoji_table FOLDER

FOLDER is an unpacked release of the npm package emojibase-data (names and keywords of CLDR, short
codes); which emoji there are says the Python package `emoji`, in an environment of its own: neither
is needed to run or test Parley. To be run again after a new version of Unicode.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "rooms" / "static" / "rooms" / "features" / "reactions" / "emoji.json"
LIGHTEST, TONES = "\U0001f3fb", "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
GROUPS = {
    0: "Smileys",
    1: "People",
    3: "Animals and nature",
    4: "Food and drink",
    5: "Travel and places",
    6: "Activities",
    7: "Objects",
    8: "Symbols",
    9: "Flags",
}
MOST_CODES = 3


def plain(text: str) -> str:
    return text.replace("\ufe0f", "")


def in_full() -> dict[str, str]:
    """Every emoji as Unicode recommends it to be written, by what it is without its selectors."""
    package = import_module("emoji")
    full = package.STATUS["fully_qualified"]
    return {
        plain(text): text for text, data in package.EMOJI_DATA.items() if data["status"] == full
    }


def codes_of(folder: Path) -> dict[str, list[str]]:
    """Short codes by hexcode: those that people know from elsewhere first."""
    found: dict[str, list[str]] = {}
    for name in ("github", "emojibase"):
        table = json.loads((folder / "en" / "shortcodes" / f"{name}.json").read_text())
        for key, codes in table.items():
            known = found.setdefault(key, [])
            for code in [codes] if isinstance(codes, str) else codes:
                if code not in known and len(known) < MOST_CODES:
                    known.append(code)
    return found


def table(folder: Path) -> dict[str, Any]:
    """`groups`: [name, emoji] each; an emoji is [text, name, short codes, further words, and in the
    lightest tone of skin, if it has tones]. `mixed`: those of several tones."""
    full, codes = in_full(), codes_of(folder)
    groups: dict[int, list[list[str]]] = {number: [] for number in GROUPS}
    made: set[str] = set()
    rows = json.loads((folder / "en" / "data.json").read_text())
    for row in sorted(rows, key=lambda each: each.get("order", 0)):
        text = full.get(plain(row["emoji"]))
        if text is None or row.get("group") not in groups:
            continue
        short = " ".join(codes.get(row["hexcode"], []))
        said = {*row["label"].lower().split(), *short.replace("_", " ").split()}
        words = " ".join(tag for tag in row.get("tags", []) if not set(tag.split()) <= said)
        entry = [text, row["label"], short, words]
        made.add(text)
        light = [each for each in row.get("skins", []) if each["tone"] == 1]
        if light:
            toned = full[plain(light[0]["emoji"])]
            entry.append(toned)
            made |= {toned.replace(LIGHTEST, tone) for tone in TONES}
        groups[row["group"]].append(entry)
    missing = made - set(full.values())
    assert not missing, missing
    return {
        "groups": [[GROUPS[number], entries] for number, entries in groups.items()],
        "mixed": " ".join(sorted(set(full.values()) - made)),
    }


if __name__ == "__main__":
    TABLE.write_text(
        json.dumps(table(Path(sys.argv[1])), ensure_ascii=False, separators=(",", ":")) + "\n"
    )
