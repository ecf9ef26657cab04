"""What people write, as safe HTML. Rendered once, when a message is written.

Two walls: the parser never passes raw HTML through, and nh3 then keeps only what is listed here.
"""

import re

import nh3
from markdown_it import MarkdownIt

ALLOWED = {
    "p", "br", "em", "strong", "s", "code", "pre", "blockquote", "a", "ul", "ol", "li",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

_parser = (
    MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    .enable(["linkify", "strikethrough", "table"])
    # Pictures come as attachments: a remote one would tell its server who reads the room.
    .disable(["image"])
)

# One line that holds nothing which could mean something: what most messages are, and not worth two
# parsers. A stop only before a space, because "example.com" is a link.
_plain = re.compile(r"""[^\W\d_](?:[^\W_]|[ ,;?'"()-]|[.!:](?![^ ]))*""")


def render(body: str) -> str:
    """HTML for `body`; links open apart and tell the other side nothing."""
    if _plain.fullmatch(body) and body[-1] != " ":
        return f"<p>{body}</p>"
    return render_marked_up(body)


def render_marked_up(body: str) -> str:
    """The same, with every text taken through both walls."""
    return nh3.clean(
        _parser.render(body).strip(),
        tags=ALLOWED,
        attributes={"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
