"""Markdown as HTML: pulldown-cmark says what is there, here it is written down.

Its time grows with the length of the text, whatever that is, and so does ours: every event is
written once. What would make more HTML than text of that length has use for is `TooMuch`.
Called by `markdown`, which then shows the text as it was typed.
"""

from html import escape
from typing import Any, cast

import pyromark

from . import addresses, links, marks, mentions, visible

# Of quotations, lists and emphasis within one another.
MOST_NESTING_LEVELS = 40
# A page of headings, lists and tables has one event for some 12 characters.
BASE_EVENTS = 400
CHARACTERS_PER_EVENT = 2
# A table's cells, if every line of the text had as many as the one with the most: what a table
# lacks is filled up by the parser, before anybody could say stop.
MOST_TABLE_CELLS = 10_000
HTML_CHARACTERS = 4_096
HTML_PER_CHARACTER = 5

_parser = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH
)

SIMPLE = {
    "Paragraph": ("<p>", "</p>\n"),
    "Emphasis": ("<em>", "</em>"),
    "Strong": ("<strong>", "</strong>"),
    "Strikethrough": ("<s>", "</s>"),
    "Item": ("<li>", "</li>\n"),
    "BlockQuote": ("<blockquote>\n", "</blockquote>\n"),
    "TableHead": ("<thead>\n<tr>\n", "</tr>\n</thead>\n"),
    "TableRow": ("<tr>\n", "</tr>\n"),
    "HtmlBlock": ("<p>", "</p>\n"),
}
BLOCKS = frozenset({"List", "BlockQuote", "CodeBlock", "Table", "Heading", "Paragraph"})


class TooMuch(Exception):
    """This text makes more of itself than anybody means."""


def written(body: str) -> str:
    """`body` as HTML in which nothing but its tags is markup. Raises TooMuch."""
    letters = marks.for_text(body)
    if letters is None:
        raise TooMuch("It holds all the letters that stand for signs here.")
    if "|" in body:
        lines = body.split("\n")
        if len(lines) * max(line.count("|") for line in lines) > MOST_TABLE_CELLS:
            raise TooMuch("It has too many cells.")
    return _Writer(body, letters).html()


class _Writer:
    def __init__(self, body: str, letters: marks.Marks) -> None:
        self._marks = letters
        self._hidden = letters.hide(body)
        self._events_left = BASE_EVENTS + len(body) // CHARACTERS_PER_EVENT
        self._links_left = marks.Marks.LINKS
        self._named: set[str] = set()
        self._room = HTML_CHARACTERS + HTML_PER_CHARACTER * len(body)
        self._parts: list[str] = []
        # For each open tag what ends it, and where it began.
        self._open: list[tuple[str, int]] = []
        self._code = 0
        self._empty_headings: list[tuple[int, str]] = []
        # The address that everything leads to at the moment, if something does.
        self._link: str | None = None
        self._columns: tuple[str, ...] = ()
        self._column = 0
        self._cell = "td"
        self._body_begun = False

    def html(self) -> str:
        for event in _parser.events(self._hidden + "\n"):
            self._events_left -= 1
            if self._events_left < 0:
                raise TooMuch("It has too many parts.")
            if isinstance(event, str):
                self._put("<hr>\n" if event == "Rule" else "<br>\n")
                continue
            # A dict of one: what it is, and what is said of it, of a type of its own for each.
            kind, value = cast(tuple[str, Any], next(iter(event.items())))
            match kind:
                case "Text":
                    self._text(value)
                case "Code":
                    self._put(f"<code>{escape(self._marks.code(value), False)}</code>")
                case "Start":
                    self._start(value)
                case "End":
                    self._end()
                case _:
                    # HTML, which is text here; `marks` has left only what is half an address.
                    self._put(escape(self._marks.code(value), False))
        if self._empty_headings and shows(self._parts):
            # Beside something that is shown, so are they; alone, the text is shown as it is.
            for place, mark in self._empty_headings:
                self._parts[place] = mark
        return "".join(self._parts)

    def _put(self, html: str) -> None:
        self._room -= len(html)
        if self._room < 0:
            raise TooMuch("It makes too much HTML.")
        self._parts.append(html)

    def _text(self, text: str) -> None:
        if self._code:
            self._put(escape(self._marks.code(text), False))
            return
        text = self._marks.shown(text)
        done = 0
        for link in links.find(text) if self._link is None else ():
            self._prose(text, done, link.start)
            self._put(self._anchor(link.address))
            self._put(f"{escape(addresses.readable(text[link.start : link.end]), False)}</a>")
            done = link.end
        self._prose(text, done, len(text))

    def _prose(self, text: str, start: int, end: int) -> None:
        """What is no address, with what could be the names of people marked as such."""
        done = start
        if self._link is None and "@" in text:
            for at, after, name in mentions.find(text, start, end):
                if self._marks.is_escaped(text, at):
                    continue
                self._named.add(name)
                if len(self._named) > mentions.MOST_NAMES:
                    break
                self._put(escape(self._marks.finished(text[done:at]), False))
                self._put(f'<span data-mention="{escape(name)}">@{escape(name, False)}</span>')
                done = after
        self._put(escape(self._marks.finished(text[done:end]), False))

    # Tags ----------------------------------------------------------------------------------------

    def _start(self, tag: str | dict[str, Any]) -> None:
        if len(self._open) >= MOST_NESTING_LEVELS:
            raise TooMuch("It is nested too deeply.")
        name, value = (tag, None) if isinstance(tag, str) else next(iter(tag.items()))
        if name in BLOCKS and self._open and self._open[-1][0] == "</li>\n" and self._parts:
            # As on a page of text: what stands below a line in a list begins on its own line.
            if not self._parts[-1].endswith("\n"):
                self._put("\n")
        begin, end = self._tags(name, value)
        self._open.append((end, len(self._parts)))
        self._put(begin)

    def _tags(self, name: str, value: Any) -> tuple[str, str]:
        if name in SIMPLE:
            begin, end = SIMPLE[name]
            if name == "TableHead":
                self._cell, self._column = "th", 0
            elif name == "TableRow":
                self._cell, self._column = "td", 0
                if not self._body_begun:
                    self._body_begun = True
                    begin = f"<tbody>\n{begin}"
            return begin, end
        match name:
            case "Link" | "Image":
                return self._link_tags(name, value)
            case "Heading":
                level = value["level"].lower()
                return f"<{level}>", f"</{level}>\n"
            case "CodeBlock":
                self._code += 1
                info = value["Fenced"] if isinstance(value, dict) else ""
                language = self._marks.code(info).split(maxsplit=1)
                given = f' class="language-{escape(language[0])}"' if language else ""
                return f"<pre><code{given}>", "</code></pre>\n"
            case "List":
                if value is None:
                    return "<ul>\n", "</ul>\n"
                return "<ol>\n" if value == 1 else f'<ol start="{value}">\n', "</ol>\n"
            case "Table":
                self._columns, self._body_begun = value, False
                return "<table>\n", "</table>\n"
            case "TableCell":
                align = self._columns[self._column].lower()
                self._column += 1
                given = "" if align == "none" else f' align="{align}"'
                return f"<{self._cell}{given}>", f"</{self._cell}>\n"
        return "", ""

    def _link_tags(self, name: str, value: dict[str, str]) -> tuple[str, str]:
        """Pictures come as attachments: a remote one would tell its server who reads the room. So
        here is a link instead."""
        mark = "!" if name == "Image" else ""
        address = self._marks.code(value["dest_url"])
        if self._link is not None:
            return mark, ""
        if not addresses.leads_somewhere(address):
            # As it was written, as far as that can be told.
            title = f' "{self._marks.code(value["title"])}"' if value["title"] else ""
            return f"{mark}[", escape(f"]({address}{title})", False)
        if value["link_type"] == "Email":
            address = f"mailto:{address}"
        self._link = address
        return mark + self._anchor(address, self._marks.code(value["title"])), "</a>"

    def _anchor(self, address: str, title: str = "") -> str:
        """A link that opens apart and tells the other side nothing."""
        self._links_left -= 1
        if self._links_left < 0:
            raise TooMuch("It has too many links.")
        given = f' title="{escape(title)}"' if title else ""
        return (
            f'<a href="{escape(addresses.href(address))}"{given}'
            ' target="_blank" rel="noopener noreferrer nofollow">'
        )

    def _end(self) -> None:
        end, began = self._open.pop()
        if end == "</a>":
            if not shows(self._parts[began + 1 :]):
                # Nobody could see where to click.
                mark = "!" if self._parts[began].startswith("!") else ""
                assert self._link is not None
                self._parts[began:] = [escape(f"{mark}[]({self._link})", False)]
                end = ""
            self._link = None
        elif end == "</code></pre>\n":
            self._code -= 1
        elif end == "</table>\n" and self._body_begun:
            self._put("</tbody>\n")
        elif end.startswith("</h") and not shows(self._parts[began + 1 :]):
            self._parts[began:] = [""]
            self._empty_headings.append((began, f"<p>{'#' * int(end[3])}</p>\n"))
            end = ""
        self._put(end)


def shows(parts: list[str]) -> bool:
    """Whether there is something to see in these pieces of HTML."""
    return any(visible.shows(visible.of_html(part)) for part in parts)
