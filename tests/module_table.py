"""The table of all modules in docs/architecture.md, made of their docstrings: `python -m
tests.module_table` writes it anew, and a test says when that is due.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- made: modules -->\n", "<!-- end -->\n"
APPS = ("config", "rooms", "jobs")
LEFT_OUT = ("migrations", "__pycache__")


def modules() -> Iterator[tuple[str, str]]:
    """(path, what it is for) of every module that has a docstring, folder by folder."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py"), key=lambda path: (path.parent, path.name)):
            text = ast.get_docstring(ast.parse(path.read_text()))
            if text and not set(path.parts) & set(LEFT_OUT):
                yield str(path.relative_to(ROOT)), sentence(text)


def sentence(docstring: str) -> str:
    """The first one, on one line."""
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    end = paragraph.find(". ")
    return paragraph if end < 0 else paragraph[: end + 1]


def table() -> str:
    rows = ["| module | what it is for |", "|---|---|"]
    for path, text in modules():
        folder, _, name = path.rpartition("/")
        if name == "__init__.py":
            rows.append(f"| **`{folder}/`** | **{text}** |")
        else:
            rows.append(f"| `{path}` | {text.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def with_table(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


def main(arguments: list[str]) -> int:
    page = PAGE.read_text()
    if arguments == ["--check"]:
        if with_table(page) != page:
            print("docs/architecture.md is behind: run python -m tests.module_table")
            return 1
        return 0
    PAGE.write_text(with_table(page))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
