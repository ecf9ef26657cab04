"""How large a picture is, read from the beginning of its file: a page keeps its place free before
it is there. Pure; nothing is decoded, so a small file that claims to be huge costs nothing.

What it gives is what a browser shows: a photograph that is turned by its EXIF is turned here.
"""

import re
import struct
from collections.abc import Callable, Iterator

# Before a JPEG says its size there may be a preview, a colour profile, and notes of programs.
HEAD_BYTES = 256 * 1024
# More is no picture that anybody looks at; a page would have to scale it by numbers of no use.
MOST_PIXELS = 100_000

Size = tuple[int, int]


def of(content_type: str, head: bytes) -> Size | None:
    """(width, height) in pixels of the file that begins with `head`; None: it does not say."""
    read = READERS.get(content_type)
    if read is None:
        return None
    try:
        size = read(head)
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    return size if size and all(1 <= each <= MOST_PIXELS for each in size) else None


def _png(head: bytes) -> Size | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n") or head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> Size | None:
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _webp(head: bytes) -> Size | None:
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    form = head[12:16]
    if form == b"VP8X":
        width, height = _three(head, 24) + 1, _three(head, 27) + 1
    elif form == b"VP8L" and head[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", head, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = (each & 0x3FFF for each in struct.unpack_from("<HH", head, 26))
    else:
        return None
    return width, height


def _three(head: bytes, at: int) -> int:
    if len(head) < at + 3:
        raise ValueError
    return int.from_bytes(head[at : at + 3], "little")


# Frames of all codings; C4, C8 and CC are tables.
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
EXIF, SCAN = 0xE1, 0xDA


def _jpeg(head: bytes) -> Size | None:
    turned = False
    for marker, start, end in _segments(head):
        if marker == EXIF and head[start : start + 6] == b"Exif\0\0":
            turned = _is_turned(head[start + 6 : end])
        elif marker in FRAMES:
            height, width = struct.unpack_from(">HH", head, start + 1)
            return (height, width) if turned else (width, height)
    return None


def _segments(head: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, beginning and end of what each segment before the picture itself holds."""
    if head[:2] != b"\xff\xd8":
        return
    at = 2
    while True:
        while head[at] == 0xFF and head[at + 1] == 0xFF:
            at += 1
        marker = head[at + 1]
        if head[at] != 0xFF or marker == SCAN:
            return
        (length,) = struct.unpack_from(">H", head, at + 2)
        # The length counts its own two bytes.
        if length < 2:
            return
        yield marker, at + 4, at + 2 + length
        at += 2 + length


ORIENTATION, SHORT = 0x0112, 3
# From these on, what is above in the file is at a side of the picture.
LYING = range(5, 9)


def _is_turned(tiff: bytes) -> bool:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return False
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
            if tag == ORIENTATION:
                return kind == SHORT and value in LYING
    except struct.error:
        pass
    return False


# The tag may be long, with the namespaces of the program that drew it.
SVG_BYTES = 4096
SVG_LENGTH = re.compile(r"""\s(width|height)\s*=\s*["']\s*([0-9.]{1,12})(?:px)?\s*["']""")
SVG_BOX = re.compile(r"""\sviewBox\s*=\s*["']([0-9eE.,+\-\s]{1,120})["']""")


def _svg(head: bytes) -> Size | None:
    start = head[:SVG_BYTES].find(b"<svg")
    end = head.find(b">", start, start + SVG_BYTES)
    if start < 0 or end < 0:
        return None
    tag = head[start:end].decode("latin-1")
    lengths = {name: float(number) for name, number in SVG_LENGTH.findall(tag)}
    box = SVG_BOX.search(tag)
    if len(lengths) < 2 and box:
        # With one of the two the shape is known; with none a browser takes 300 for the width.
        _, _, wide, high = (float(number) for number in box[1].replace(",", " ").split())
        if "height" in lengths and high > 0:
            lengths["width"] = lengths["height"] * wide / high
        elif wide > 0:
            lengths["height"] = lengths.setdefault("width", 300.0) * high / wide
    if len(lengths) < 2:
        return None
    return round(lengths["width"]), round(lengths["height"])


READERS: dict[str, Callable[[bytes], Size | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
    "image/svg+xml": _svg,
}
