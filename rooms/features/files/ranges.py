"""Which bytes of a file are asked for (RFC 9110, section 14). Pure."""

import re
from collections.abc import Mapping

# One range: players ask for no more, and several would need an answer of several parts.
_one = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def asked(headers: Mapping[str, str], size: int, tag: str) -> range | None:
    """The bytes to be sent: all of them where no range is asked for, or not in a way that is known
    here, or of another file. None: there are no such bytes."""
    whole = range(size)
    found = _one.fullmatch(headers.get("Range", "").strip()[:60])
    if found is None or headers.get("If-Range", tag) != tag:
        return whole
    first, last = found.groups()
    if first:
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return whole
        return range(int(first), end) if int(first) < size else None
    if not last:
        return whole
    return range(max(0, size - int(last)), size) if int(last) else None
