"""What the check of style sheets finds, and what it leaves alone."""

import pytest

from tests.stylesheets import faults

WORDS = {"card", "wide", "--set-by-script"}


def found(text: str, **others: str) -> list[str]:
    return faults({"a.css": text, **others}, WORDS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("p { color red }", "a.css:1: "),
        ("p { color: red", None),
        ("p { } }", "a.css:1: "),
        ("@medai (width > 1px) { p { top: 0 } }", "a.css:1: there is no @medai"),
        ("p {\n top: 0;\n left: 0;\n top: 1px }", "a.css:4: top is given in line 2 already"),
        ("p { TOP: 0; top: 0 }", "a.css:1: top is given in line 1 already"),
        ("p { top: }", "a.css:1: top has no value"),
        ("p { color: var(--lost) }", "a.css:1: --lost is never defined"),
        ("p { inset: calc(1px + (var(--lost) * 2)) }", "a.css:1: --lost is never defined"),
        (".card.lost { top: 0 }", "a.css:1: nothing has the class lost"),
        ("p:not(:is(.lost)) { top: 0 }", "a.css:1: nothing has the class lost"),
        ("@media print { p { & .lost { top: 0 } } }", "a.css:1: nothing has the class lost"),
        ("@keyframes in { from { top: 0; top: 0 } }", "a.css:1: top is given in line 1 already"),
    ],
)
def test_a_fault_is_found_with_its_place(text: str, fault: str | None) -> None:
    told = found(text)
    assert len(told) == (fault is not None) and all(fault in each for each in told if fault), told


def test_what_is_right_is_left_alone() -> None:
    assert not found(
        "@property --turn { syntax: '<angle>'; inherits: false; initial-value: 0deg }"
        "@container (width > 40ch) { .card > .wide { --Own: 1; color: var(--set-by-script) } }"
        "p { color: var(--lost, red); rotate: var(--turn); opacity: var(--Own) }"
        "p { color: var(--elsewhere); background: var(--color-base-200) }"
        "@keyframes in { from { top: 0 } 50% { top: 1px } }",
        **{"b.css": ":root { --elsewhere: red }"},
    )
