"""How large the body of an HTTP request may be, by its path. Pure; asked before a byte is stored.

Most requests have no body or a short form. What takes more says so when Django starts:
`register("/api/", 2_500_000)`, or, for one address of many, `register("/api/v1/rooms/*/files",
limits().upload_bytes)`, where `*` is one part of the path. The longest pattern that fits counts.
Used by `live.serving`.
"""

from __future__ import annotations

import re

from rooms.limits import limits

_bounds: dict[str, tuple[re.Pattern[str], int]] = {}


def register(prefix: str, size: int) -> None:
    """Let bodies of requests whose path begins with `prefix` have `size` bytes. The last one of a
    prefix counts."""
    parts = [r"[^/]*" if part == "*" else re.escape(part) for part in prefix.split("/")]
    _bounds[prefix] = (re.compile("/".join(parts)), size)


def unregister(prefix: str) -> None:
    _bounds.pop(prefix, None)


def bound_of(path: str) -> int:
    """The most bytes of a body sent to `path`, which is without its query and not encoded."""
    fitting = [prefix for prefix, (pattern, _) in _bounds.items() if pattern.match(path)]
    if not fitting:
        return limits().body_bytes
    return _bounds[max(fitting, key=len)][1]
