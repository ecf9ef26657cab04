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
from django.utils.safestring import SafeString

register = template.Library()

# As our modules write it: at the beginning of a line, the address in double quotes.
IMPORT = re.compile(r'^import\b[^"]*"(\.[^"]+)";$', re.MULTILINE)


@register.simple_tag
def modules(*names: str) -> SafeString:
    """Each of `names`, files below `static/`, as a script that runs in this order."""
    links = ((static(name),) for name in imported_by(names))
    scripts = ((static(name),) for name in names)
    return (
        format_html_join("", '<link rel="modulepreload" href="{}">\n  ', links)
        + format_html_join("\n  ", '<script type="module" src="{}"></script>', scripts)
    )  # fmt: skip


@cache
def imported_by(names: tuple[str, ...]) -> list[str]:
    """What these modules import, and what that imports, without the modules themselves."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        path = finders.find(name)
        if path is None:
            raise LookupError(f"There is no static file {name}.")
        folder = posixpath.dirname(name)
        for address in IMPORT.findall(Path(path).read_text()):
            imported = posixpath.normpath(posixpath.join(folder, address))
            if imported not in found and imported not in names:
                found[imported] = None
                waiting.append(imported)
    return list(found)
