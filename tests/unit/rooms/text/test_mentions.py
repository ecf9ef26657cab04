"""What could be a name behind an `@`, and how a message's HTML marks it."""

import pytest

from rooms.core.markdown import render
from rooms.text import mentions


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello @ana, and @ben.", ["ana", "ben"]),
        ("@ana", ["ana"]),
        ("(@ana) cc:@ben-c *@dora_x_y* .@eve", ["ana", "ben-c", "dora_x_y", "eve"]),
        ("@ana's @ana @Ana", ["ana", "Ana"]),
        ("@ana@example.org", ["ana@example.org"]),
        ("@änna @日本 @ana.b.", ["änna", "日本", "ana.b"]),
        ("| a | b |\n|---|---|\n| @ana | x |", ["ana"]),
        ("> @ana\n\n- @ben\n\n# @eve", ["ana", "ben", "eve"]),
        # Code, links, addresses and what is escaped.
        ("`@ana` and ``x @ana``", []),
        ("```\n@ana\n```", []),
        ("    @ana", []),
        ("[@ana](https://example.org) https://example.org/@ana example.org/@ana", []),
        ("ana@example.org <ana@example.org> mailto:ana@example.org", []),
        ("a@ana a/@ana a+@ana @@ana", []),
        (r"\@ana", []),
        ("@ @. @- @\n@", []),
        ("@" + "a" * 151, []),
        ("@" + "a" * 150, ["a" * 150]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert mentions.names(render(text)) == names


def test_the_text_stays_as_it_was_written() -> None:
    assert render("Hi @ana_b!") == '<p>Hi <span data-mention="ana_b">@ana_b</span>!</p>'
    assert render(r"Hi \@ana!") == "<p>Hi @ana!</p>"


@pytest.mark.parametrize(
    "text",
    [
        '<span data-mention="ana">@ben</span>',
        '@ana"><script>alert(1)</script>',
        "@ana&quot; onclick=x",
        "@<b>ana</b>",
    ],
)
def test_nobody_writes_marks_of_their_own(text: str) -> None:
    html = render(text)
    assert set(mentions.names(html)) <= {"ana", "ben"}
    assert "<script" not in html and "<b>" not in html
    assert html.count("<span") == html.count('data-mention="') - text.count('data-mention="')


def test_no_more_than_there_may_be() -> None:
    many = " ".join(f"@name{each}" for each in range(mentions.MOST_NAMES + 20))
    assert len(mentions.names(render(many))) == mentions.MOST_NAMES


def test_a_text_without_a_sign_is_not_looked_through() -> None:
    assert mentions.names("<p>Hello</p>") == []
