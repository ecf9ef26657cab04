"""What is wrong in style sheets: `make check` runs it over all of them, without a browser.

Faults are texts "file:line: what". The sheets are looked at together: a custom property that one of
them defines is there for all.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tinycss2

ROOT = Path(__file__).resolve().parents[1]
SHEETS = ("rooms/static", "jobs/static", "tests/polls/static")
# Where classes are given and custom properties set.
PAGES = {
    ".html": ("templates", "tests/polls/templates"),
    ".js": SHEETS,
    ".py": ("rooms", "jobs", "config"),
}
# Sheets of ours that dress the pages of others, and what of those pages is ours to know. Unfold's
# colours are made where it runs.
OTHERS = {
    "ninja": ("static/ninja/swagger-ui.css", "static/ninja/swagger-ui-bundle.js"),
    "unfold": ("static/unfold/css/styles.css",),
}
THEIR_PROPERTIES = "--color-"
AT_RULES = {
    "charset",
    "container",
    "font-face",
    "keyframes",
    "layer",
    "media",
    "property",
    "supports",
}
# What these hold is rules, not declarations.
OF_RULES = {"container", "layer", "media", "supports"}
WORD = re.compile(r"[\w-]+")

Nodes = Iterable[Any]


class Sheet:
    """One style sheet: its faults, and what it defines, uses and names."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.faults: list[str] = []
        self.defined: set[str] = set()
        self.used: list[tuple[str, int]] = []
        self.classes: list[tuple[str, int]] = []
        self._rules(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True))

    def fault(self, line: int, what: str) -> None:
        self.faults.append(f"{self.name}:{line}: {what}")

    def _rules(self, nodes: Nodes) -> None:
        for node in nodes:
            if node.type == "at-rule":
                self._at_rule(node)
            elif node.type == "qualified-rule":
                self._selector(node.prelude)
                self._block(node)
            elif node.type == "error":
                self.fault(node.source_line, node.message)

    def _at_rule(self, node: Any) -> None:
        keyword = node.lower_at_keyword
        if keyword not in AT_RULES:
            self.fault(node.source_line, f"there is no @{keyword}")
        elif keyword == "property":
            self.defined |= {each.value for each in node.prelude if each.type == "ident"}
        elif node.content is not None and keyword == "keyframes":
            for step in tinycss2.parse_rule_list(node.content, True, True):
                if step.type == "error":
                    self.fault(step.source_line, step.message)
                else:
                    self._block(step)
        elif node.content is not None and keyword in OF_RULES:
            self._rules(tinycss2.parse_rule_list(node.content, True, True))

    def _block(self, rule: Any) -> None:
        given: dict[str, int] = {}
        for node in tinycss2.parse_blocks_contents(rule.content, True, True):
            if node.type != "declaration":
                self._rules([node])
                continue
            name = node.name if node.name.startswith("--") else node.lower_name
            if name in given:
                self.fault(node.source_line, f"{name} is given in line {given[name]} already")
            given[name] = node.source_line
            if name.startswith("--"):
                self.defined.add(name)
            if not any(each.type != "whitespace" for each in node.value):
                self.fault(node.source_line, f"{name} has no value")
            self.used += _variables(node.value)

    def _selector(self, prelude: Nodes) -> None:
        dot = False
        for node in prelude:
            if dot and node.type == "ident":
                self.classes.append((node.value, node.source_line))
            dot = node == "."
            inner = node.arguments if node.type == "function" else None
            if inner is not None:
                self._selector(inner)


def _variables(value: Nodes) -> Iterator[tuple[str, int]]:
    """What is used without a value in its stead, with lines."""
    for node in value:
        inner = getattr(node, "arguments", None) or getattr(node, "content", None) or []
        if node.type == "function" and node.lower_name == "var":
            names = [each for each in inner if each.type == "ident"]
            if names and not any(each == "," for each in inner):
                yield names[0].value, node.source_line
        if node.type.endswith("block") or node.type == "function":
            yield from _variables(inner)


def faults(sheets: Mapping[str, str], words: set[str]) -> list[str]:
    """`sheets`: name → text; `words`: all that templates, modules and programs hold, which is where
    a class has to be given that a sheet names."""
    read = [Sheet(name, text) for name, text in sheets.items()]
    defined = {name for sheet in read for name in sheet.defined} | words
    for sheet in read:
        for name, line in sheet.used:
            if name not in defined and not name.startswith(THEIR_PROPERTIES):
                sheet.fault(line, f"{name} is never defined")
        for name, line in sheet.classes:
            if name not in words:
                sheet.fault(line, f"nothing has the class {name}")
    return [fault for sheet in read for fault in sheet.faults]


def _files(folders: Iterable[str], suffix: str) -> list[Path]:
    return sorted(each for folder in folders for each in (ROOT / folder).rglob(f"*{suffix}"))


def _words() -> set[str]:
    files = [file for suffix, folders in PAGES.items() for file in _files(folders, suffix)]
    for package, sheets in OTHERS.items():
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None
        files += [Path(spec.origin).parent / sheet for sheet in sheets]
    return {word for file in files for word in WORD.findall(file.read_text())}


def main() -> int:
    sheets = {str(file.relative_to(ROOT)): file.read_text() for file in _files(SHEETS, ".css")}
    found = faults(sheets, _words())
    print("\n".join(found) or f"{len(sheets)} style sheets are good.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
