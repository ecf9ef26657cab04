"""Markdown to HTML: whatever people write stays harmless, and what they mean is shown."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rooms.core.markdown import ALLOWED, render, render_marked_up
from rooms.text import markdown_html, marks

ATTRIBUTES = {
    "a": {"href", "title", "rel", "target"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"align"},
    "td": {"align"},
}


class Reader(HTMLParser):
    """Collects every tag as a browser would find it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    handle_pi = unknown_decl = handle_comment


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.others
    return reader.tags


def scheme_of(href: str) -> str | None:
    """As a browser finds it: without the characters that it leaves out of an address."""
    href = re.sub("[\t\n\r]", "", href).lstrip("".join(map(chr, range(33))))
    scheme = re.match("([a-zA-Z][a-zA-Z0-9+.-]*):", href)
    return scheme and scheme[1].lower()


def assert_harmless(html: str) -> None:
    for tag, attributes in tags_of(html):
        assert tag in ALLOWED
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        if "align" in attributes:
            assert attributes["align"] in ("left", "center", "right")
        if tag == "a":
            assert attributes["href"], "a link leads somewhere"
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert attributes["target"] == "_blank"
            assert scheme_of(attributes.get("href") or "") in (None, "http", "https", "mailto")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>]]>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](java&#x09;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](\u0001javascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/accounts/logout/)",
    "[x](#top)",
    "[x][y]\n\n[y]: javascript:alert(1) 'title'",
    "<javascript:alert(1)>",
    "javascript:alert(1)",
    '[x](http://a "onmouseover=alert(1)")',
    '[x](http://a" onmouseover="alert(1))',
    "![x](http://a/b.png)",
    "![x](javascript:alert(1))",
    "`<script>`",
    '```" onclick=alert(1) class="\n</code><script>\n```',
    "~~~<script>alert(1)</script>\nx\n~~~",
    "| <script> |\n|-|\n| <img onerror=x> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "http://a.example/<script>",
    "https://a.example/\u202egnp.exe",
    "\u202e reversed \u2066 isolated \u2069",
    "\x00\x01\x7f\ufffe\ufeff",
    "<" * 5_000,
    "[" * 5_000,
    "*" * 5_000 + "x",
    "> " * 2_000,
    "- " * 2_000,
    "[x](" * 1_000,
    "`" * 5_000,
    "| " * 2_000,
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: ascii(body[:30]))
def test_hostile_text_stays_text(body: str) -> None:
    assert_harmless(render(body))


PIECES = st.sampled_from(
    [
        *(body for body in HOSTILE if len(body) < 100),
        "*",
        "`",
        "\n\n",
        "> ",
        "[",
        "](",
        ")",
        "<",
        ">",
    ]
)
BODIES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.lists(st.one_of(PIECES, st.text("<>&\"'`*_[]()!#:/ \nab", max_size=8)), max_size=12).map(
        "".join
    ),
)


@settings(max_examples=400, deadline=None)
@given(BODIES)
@example("<a\thref='javascript:1'>")
def test_no_tag_outside_the_list_whatever_is_written(body: str) -> None:
    assert_harmless(render(body))


def test_a_script_is_shown_as_it_was_typed() -> None:
    assert render("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


def test_a_direction_mark_is_kept_inside_its_message() -> None:
    assert "\u202e" in render("a \u202e b")


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
        ("```py\nx < 1\n```", '<pre><code class="language-py">x &lt; 1\n</code></pre>'),
    ],
)
def test_what_is_meant_is_shown(body: str, html: str) -> None:
    assert render(body) == html


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("see https://example.org/a?b=1&c=2.", "https://example.org/a?b=1&c=2"),
        ("[x](mailto:a@example.org)", "mailto:a@example.org"),
        ("<https://example.org>", "https://example.org"),
        ("example.org", "http://example.org"),
    ],
)
def test_links_open_apart(body: str, href: str) -> None:
    [(_, attributes)] = [tag for tag in tags_of(render(body)) if tag[0] == "a"]
    assert attributes == {"href": href, "rel": "noopener noreferrer nofollow", "target": "_blank"}


def test_a_table_is_a_table() -> None:
    assert {"table", "thead", "th", "tbody", "td"} <= {
        tag for tag, _ in tags_of(render("| a | b |\n|---|---|\n| 1 | 2 |"))
    }


def test_a_table_keeps_its_alignment() -> None:
    html = render("| a | b | c | d |\n|---|:--|:-:|--:|\n| 1 | 2 | 3 | 4 |")
    given = [(tag, attributes.get("align")) for tag, attributes in tags_of(html)]
    for cell in ("th", "td"):
        assert [align for tag, align in given if tag == cell] == [None, "left", "center", "right"]


PLAIN = st.text("abcZé漢9 ,;?'\"()-.!:/@_*<&w", max_size=30).map(str.strip)


@given(PLAIN)
@example("www.example.com")
@example("mailto: me")
@example("one.two three. Four")
@example("a -- b: c!")
def test_plain_text_is_what_both_walls_make_of_it(body: str) -> None:
    assert render(body) == render_marked_up(body)


# Shown as it was written ------------------------------------------------------------------------


def text_of(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


@pytest.mark.parametrize(
    "body",
    ["[ERROR]: timeout", "[x]: http://a.example 'y'", "#", "######", "# #", ">", "> >"]
    + ["-", "*", "+", "1.", "- -", "---", "***", "```", "~~~", "```py"]
    + ["[](http://a.example)", "[]()", "![](x)", "<!-- x -->", "<br>", "&nbsp;", "&#8203;"]
    + ["| |\n|-|", "**", "[x]:\nhttp://a.example", "\\", ">\n\n#"]
    + ["> " * 60 + "deep", "- " * 60 + "deep"],
)  # fmt: skip
def test_a_message_is_never_empty(body: str) -> None:
    assert text_of(render(body)).replace(" ", "") == body.replace(" ", "")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("[ERROR]: timeout\n\nand more", "[ERROR]: timeout\nand more"),
        ("#\nand more", "#\nand more"),
        ("see [](http://a.example) there", "see [](http://a.example) there"),
        ("a <b>c</b> <!-- d -->", "a <b>c</b> <!-- d -->"),
        ("hello\n\n" + "> " * 60 + "deep", "hello\n\n" + "> " * 60 + "deep"),
        ("[x](ftp://a.example/b)", "[x](ftp://a.example/b)"),
        ("<ftp://a.example/b>", "<ftp://a.example/b>"),
        ('[x](tel:112 "help")', '[x](tel:112 "help")'),
        ("~5 to ~6", "~5 to ~6"),
    ],
)
def test_nothing_of_a_message_is_lost(body: str, text: str) -> None:
    assert text_of(render(body)).strip() == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"example\.org", "example.org"),
        (r"http\://example.org", "http://example.org"),
        (r"bob\@example.org", "bob@example.org"),
        (r"`example\.org`", r"example\.org"),
        ("ftp://example.org/x", "ftp://example.org/x"),
        ("README.md and main.py", "README.md and main.py"),
    ],
)
def test_no_link_where_none_is_meant(body: str, text: str) -> None:
    html = render(body)
    assert "<a" not in html
    assert text_of(html) == text


@pytest.mark.parametrize(
    "address", ["https://a.example/_b_/*c*d", "http://a.example/~x~?y=[z]&amp;w"]
)
def test_signs_within_an_address_belong_to_it(address: str) -> None:
    assert text_of(render(f"see {address} there")) == f"see {address} there"
    [(_, attributes)] = [tag for tag in tags_of(render(address)) if tag[0] == "a"]
    assert attributes["href"] is not None and attributes["href"].startswith(address[:20])


@pytest.mark.parametrize(
    ("address", "href", "shown"),
    [
        ("https://müller.example/ä", "https://xn--mller-kva.example/%C3%A4", None),
        ("https://a.example/%C3%A4%20b", "https://a.example/%C3%A4%20b", "https://a.example/ä b"),
        ("https://a.example/%E2%80%AE%0A%2F", "https://a.example/%E2%80%AE%0A%2F", None),
        ("https://a.example/%ff%zz", "https://a.example/%ff%25zz", "https://a.example/%ff%zz"),
    ],
)
def test_an_address_is_ascii_and_shown_to_be_read(
    address: str, href: str, shown: str | None
) -> None:
    [(_, attributes)] = [tag for tag in tags_of(render(address)) if tag[0] == "a"]
    assert attributes["href"] == href
    assert text_of(render(address)) == (shown or address)


def test_letters_that_stand_for_signs_are_themselves() -> None:
    for letters in ("\U00012470", "".join(map(chr, range(0x10B39, 0x10B40))), marks._POOL):
        body = f"a {letters} <b> *c* https://a.example/_x_ [d]: e"
        assert text_of(render(body)).replace("*c*", "c") == body.replace("*c*", "c")


def test_a_parser_that_fails_shows_the_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Panic(BaseException):
        pass

    def fails(body: str) -> None:
        raise Panic

    monkeypatch.setattr(markdown_html, "written", fails)
    assert render("*a*\n<b>") == "<p>*a*<br>\n&lt;b&gt;</p>"
    assert "could not be rendered" in caplog.text


ORDINARY = json.loads((Path(__file__).parent / "rendered.json").read_text())


@pytest.mark.parametrize("said", ORDINARY, ids=lambda said: ascii(said["body"][:30]))
def test_ordinary_texts_look_as_they_did(said: dict[str, str]) -> None:
    assert render(said["body"]) == said["html"]
