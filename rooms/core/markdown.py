"""What people write, as safe HTML. Rendered once, when a message is written.

Two walls: only tags that are listed here are written, and nh3 then keeps only those. And a bound:
a text that would take much longer than prose of its length, or make much more HTML, is shown as it
was typed. So is one that would show nothing.
"""

import logging
import re
from html import escape

import nh3

from rooms.text import addresses, markdown_html, visible

logger = logging.getLogger(__name__)

ALLOWED = {
    "p", "br", "em", "strong", "s", "code", "pre", "blockquote", "a", "ul", "ol", "li",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td", "span",
}  # fmt: skip
ALIGNED = {"align": {"left", "center", "right"}}
# Made once: to make one takes ten times as long as to clean a message.
_wall = nh3.Cleaner(
    tags=ALLOWED,
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
        "code": {"class"},
        "span": {"data-mention"},
    },
    tag_attribute_values={"th": ALIGNED, "td": ALIGNED},
    url_schemes=set(addresses.SCHEMES),
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)

# One line that holds nothing which could mean something: what most messages are, and not worth two
# parsers. A stop only before a space, because "example.com" is a link.
_plain = re.compile(r"""[^\W\d_](?:[^\W_]|[ ,;?'"()-]|[.!:](?![^ ]))*""")


def render(body: str) -> str:
    """HTML for `body`; links open apart and tell the other side nothing. Never raises."""
    if _plain.fullmatch(body) and body[-1] != " ":
        return f"<p>{body}</p>"
    return render_marked_up(body)


def render_marked_up(body: str) -> str:
    """The same, with every text taken through both walls."""
    try:
        html = markdown_html.written(body).strip()
    except markdown_html.TooMuch:
        return as_written(body)
    except BaseException as error:
        # A panic of the parser is no Exception. A text that it cannot take is text all the same.
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        logger.exception("A text of %d characters could not be rendered", len(body))
        return as_written(body)
    if not visible.shows(visible.of_html(html)):
        return as_written(body)
    return _wall.clean(html)


def as_written(body: str) -> str:
    """HTML that shows `body` letter by letter, whatever Markdown would make of it."""
    return f"<p>{escape(body, quote=False)}</p>".replace("\n", "<br>\n")
