"""Sizes of pictures, from the beginnings of their files."""

import struct

import pytest

from rooms.features.files import picture_size
from tests.support import hostile

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\x08\x06\0\0\0"
GIF = b"GIF89a" + struct.pack("<HH", 320, 200) + b"\0\0\0"


def jpeg(width: int, height: int, orientation: int = 0, order: str = ">") -> bytes:
    """As a camera writes it: EXIF with the way it was held, a profile, and the frame's size."""
    name = b"MM\0*" if order == ">" else b"II*\0"
    tiff = name + struct.pack(f"{order}IH", 8, 2)
    tiff += struct.pack(f"{order}HHII", 0x0100, 4, 1, width)
    tiff += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + tiff
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x22\0\x02\x11\x01\x03\x11\x01"
    parts = [(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), (0xE2, b"ICC_PROFILE\0" + b"p" * 3000)]
    parts += [(0xE1, exif)] if orientation else []
    parts += [(0xC4, b"\0" * 20), (0xC2, frame), (0xDA, b"")]
    return b"\xff\xd8" + b"".join(
        struct.pack(">BBH", 0xFF, marker, len(held) + 2) + held for marker, held in parts
    )


def webp(form: bytes, held: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + form + struct.pack("<I", len(held)) + held


EXTENDED = webp(b"VP8X", b"\x10\0\0\0" + (1023).to_bytes(3, "little") + (767).to_bytes(3, "little"))
LOSSLESS = webp(b"VP8L", b"\x2f" + struct.pack("<I", 99 | 49 << 14))
LOSSY = webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 550, 368))


@pytest.mark.parametrize(
    ("kind", "head", "size"),
    [
        ("png", PNG, (640, 480)),
        ("gif", GIF, (320, 200)),
        ("jpeg", jpeg(4000, 3000), (4000, 3000)),
        ("jpeg", jpeg(4000, 3000, orientation=1), (4000, 3000)),
        ("jpeg", jpeg(4000, 3000, orientation=6), (3000, 4000)),
        ("jpeg", jpeg(4000, 3000, orientation=8, order="<"), (3000, 4000)),
        ("webp", EXTENDED, (1024, 768)),
        ("webp", LOSSLESS, (100, 50)),
        ("webp", LOSSY, (550, 368)),
        ("svg+xml", b'<svg viewBox="0 0 360 316" width="360" height="316">', (360, 316)),
        ("svg+xml", b"<?xml version='1.0'?>\n<svg\n height='40px'\n width='30.4'>", (30, 40)),
        ("svg+xml", b'<svg stroke-width="7" viewBox="0,0,200,100">', (300, 150)),
        ("svg+xml", b'<svg width="80" viewBox="0 0 200 100">', (80, 40)),
        ("svg+xml", b'<svg height="80" viewBox="0 0 200 100">', (160, 80)),
        # What does not say it, or says what cannot be.
        ("svg+xml", b'<svg width="100%" height="100%">', None),
        ("svg+xml", b'<svg width="1..2" height="9">', None),
        ("svg+xml", b'<svg viewBox="0 0 1e999 1">', None),
        ("svg+xml", b"<html>", None),
        ("png", PNG.replace(struct.pack(">I", 640), struct.pack(">I", 2**31)), None),
        ("gif", GIF[:6] + b"\0\0\0\0", None),
        ("jpeg", b"\xff\xd8\xff\xe0\0\0", None),
        ("jpeg", b"\xff\xd8" + b"\xff" * 1000, None),
        ("png", GIF, None),
        ("tiff", b"II*\0", None),
    ],
)
def test_a_size_is_what_a_browser_shows(
    kind: str, head: bytes, size: tuple[int, int] | None
) -> None:
    assert picture_size.of(f"image/{kind}", head) == size


@pytest.mark.parametrize("kind", sorted(picture_size.READERS))
@pytest.mark.parametrize("whole", [PNG, GIF, jpeg(9, 9, 6), EXTENDED, LOSSLESS, LOSSY])
def test_a_file_that_ends_early_or_is_another_is_no_error(kind: str, whole: bytes) -> None:
    for end in range(0, len(whole), 1 if len(whole) < 100 else 61):
        picture_size.of(kind, whole[:end])
    for piece in hostile.pieces():
        picture_size.of(kind, (b"<svg " + str(piece).encode("utf-8", "replace")) * 20)
