"""What was found, as a page for people and as JSON for machines. Pure."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .examination import Examined, worst
from .findings import Level, Observation
from .hiding import hide

WORDS = {Level.GOOD: "good", Level.DOUBTFUL: "doubtful", Level.WRONG: "WRONG"}
WIDTH = 100
INDENT = 11


def without_secrets(examined: Sequence[Examined], secrets: Sequence[str]) -> list[Examined]:
    def hidden(each: Observation) -> Observation:
        about, said, todo = (hide(text, secrets) for text in (each.about, each.said, each.todo))
        return Observation(each.level, about, said, todo)

    return [replace(each, findings=[*map(hidden, each.findings)]) for each in examined]


def level(examined: Iterable[Examined]) -> Level:
    return worst([finding for each in examined for finding in each.findings])


def page(examined: Sequence[Examined], version: str) -> str:
    lines = [f"Parley {version}"]
    sections = dict.fromkeys(each.probe.section for each in examined)
    for section in sections:
        lines += ["", section]
        for each in examined:
            if each.probe.section == section:
                lines += [line for finding in each.findings for line in _lines(finding)]
    return "\n".join([*lines, "", _sum(examined)])


def _lines(finding: Observation) -> list[str]:
    said = f"{finding.about}: {finding.said}"
    lines = _wrapped(said, f"  {WORDS[finding.level]:<9}")
    return lines + (_wrapped(finding.todo, " " * INDENT + "→ ") if finding.todo else [])


def _wrapped(text: str, before: str) -> list[str]:
    after = " " * len(before)
    return textwrap.wrap(text, WIDTH, initial_indent=before, subsequent_indent=after)


def counts(examined: Sequence[Examined]) -> dict[Level, int]:
    findings = [finding for each in examined for finding in each.findings]
    return {each: sum(finding.level is each for finding in findings) for each in Level}


def _sum(examined: Sequence[Examined]) -> str:
    return ", ".join(f"{number} {WORDS[each]}" for each, number in counts(examined).items()) + "."


def as_json(examined: Sequence[Examined], version: str) -> dict[str, Any]:
    return {
        "version": version,
        "verdict": WORDS[level(examined)].lower(),
        "counts": {WORDS[each].lower(): number for each, number in counts(examined).items()},
        "findings": [
            {
                "section": each.probe.section,
                "probe": each.probe.name,
                "verdict": WORDS[finding.level].lower(),
                "about": finding.about,
                "said": finding.said,
                "todo": finding.todo,
            }
            for each in examined
            for finding in each.findings
        ],
    }
