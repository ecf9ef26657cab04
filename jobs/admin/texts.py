"""Text of people, JSON and links as the admin shows them."""

import json
from typing import Any

from django.utils.html import format_html


def isolated(text: str) -> str:
    """Text of people: whatever direction marks it holds, they end with it."""
    return format_html("<bdi>{}</bdi>", text)


LINK = '<a class="text-primary-600 dark:text-primary-500 underline" href="{}">{}</a>'


def folded(text: str) -> str:
    """Long text in its own lines."""
    if not text:
        return "–"
    return format_html('<pre class="whitespace-pre-wrap break-all text-xs">{}</pre>', text)


def pretty(value: Any) -> str:
    return "–" if value is None else folded(indented(value))


def indented(value: Any) -> str:
    """JSON to be read; not escaped."""
    return json.dumps(value, indent=2, ensure_ascii=False)
