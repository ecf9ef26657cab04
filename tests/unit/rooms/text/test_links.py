"""Addresses in plain text: `links.txt` beside this says which ones, and where they end."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.text.links import FILE_TYPES, find


def examples() -> list[tuple[str, list[tuple[str, str]]]]:
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in (Path(__file__).parent / "links.txt").read_text().splitlines():
        if line.startswith("    "):
            shown, _, address = line.strip().partition(" > ")
            found[-1][1].append((shown, address or shown))
        elif line and not line.startswith("# "):
            found.append((line, []))
    return found


def found_in(text: str) -> list[tuple[str, str]]:
    return [(text[link.start : link.end], link.address) for link in find(text)]


@pytest.mark.parametrize(("text", "expected"), examples(), ids=lambda value: ascii(value)[:40])
def test_what_is_a_link(text: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(text) == expected


@pytest.mark.parametrize("ending", sorted(FILE_TYPES))
def test_a_file_is_no_site(ending: str) -> None:
    for text in (
        f"see readme.{ending}",
        f"src/a_b.{ending}:12:",
        f"`x.{ending}`",
        f"A.B.{ending}.",
    ):
        assert found_in(text) == []
    assert found_in(f"https://example.{ending}/x") == [(f"https://example.{ending}/x",) * 2]


@pytest.mark.parametrize("mark", "。，、；：！？）」』】》〉…”’»｜＞　")
def test_an_address_ends_before_punctuation_of_other_scripts(mark: str) -> None:
    if mark == "…":
        assert found_in(f"https://example.org/a{mark}")[0][0] == "https://example.org/a"
        return
    assert found_in(f"https://example.org/a{mark}次に") == [("https://example.org/a",) * 2]


@pytest.mark.parametrize("scheme", ["ftp", "file", "ssh", "git+https", "javascript", "data", "ws"])
def test_no_other_scheme_makes_a_link(scheme: str) -> None:
    assert found_in(f"{scheme}://example.org/x")[:1] in (
        [],
        # What stands before a scheme does not take it away.
        [("https://example.org/x", "https://example.org/x")],
    )


WORDS = st.sampled_from(
    [
        "https://example.org",
        "example.org",
        "www.",
        "/a(b)",
        "(",
        ")",
        "[",
        "]",
        ".",
        ",",
        "bob@",
        "://",
        "mailto:",
        " ",
        "漢",
        "。",
        "xn--a",
        "_",
        "-",
        ":80",
        "a",
        "'",
        '"',
    ]
)


@given(st.lists(WORDS, max_size=30).map("".join))
def test_links_stand_in_order_and_hold_no_space(text: str) -> None:
    end = 0
    for link in find(text):
        assert end <= link.start < link.end <= len(text)
        end = link.end
        shown = text[link.start : link.end]
        assert " " not in shown
        for opening, closing in ("()", "[]", "{}"):
            assert shown.count(opening) == shown.count(closing)
        assert link.address.endswith(shown)
