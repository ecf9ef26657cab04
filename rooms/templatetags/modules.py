"""`{% modules "rooms/plain-page.js" %}`: a page's scripts, and all they import asked for at once.

A browser finds what modules import one level after the other, which costs a far one a round trip
for each.
"""

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# As our modules write it: at the beginning of a line, the address in double quotes.
IMPORT = re.compile(r'^import\b[^"]*"(\.[^"]+)";$', re.MULTILINE)


@register.simple_tag
def modules(*names: str) -> SafeString:
    """Each of `names`, files below `static/`, as a script that runs in this order. What the first
    one needs comes before what the others need, so that it can do its part while they come."""
    asked: set[str] = set(names)
    links, scripts = [], []
    for number, name in enumerate(names):
        urgency = mark_safe(' fetchpriority="low"' if number else "")
        mine = [each for each in imported_by(name) if each not in asked]
        asked.update(mine)
        links += [(static(each), urgency) for each in mine]
        scripts.append((static(name), urgency))
    return (
        format_html_join("", '<link rel="modulepreload" href="{}"{}>\n  ', links)
        + format_html_join("\n  ", '<script type="module" src="{}"{}></script>', scripts)
    )  # fmt: skip


@cache
def imported_by(name: str) -> list[str]:
    """What this module imports, and what that imports."""
    found: dict[str, None] = {}
    first = name
    waiting = [name]
    while waiting:
        name = waiting.pop(0)
        path = finders.find(name)
        if path is None:
            raise LookupError(f"There is no static file {name}.")
        folder = posixpath.dirname(name)
        for address in IMPORT.findall(Path(path).read_text()):
            imported = posixpath.normpath(posixpath.join(folder, address))
            if imported not in found and imported != first:
                found[imported] = None
                waiting.append(imported)
    return list(found)
