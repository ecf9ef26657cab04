"""Pictures that people bring: what tells where and with what they were made is taken out, and a
small one is made for the stream.

A picture is unpacked here, which takes memory and a moment: its size is asked before, and a few are
at a time, of large ones one, in threads that give way to everything else. What is no picture,
whatever it begins with, is refused.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, NamedTuple

from PIL import Image, ImageOps

from rooms.core.low_priority import LowPriorityThreads
from rooms.limits import limits
from rooms.protocol import Invalid

FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
# What the stream shows, at two pixels for each of the page's.
PREVIEW = (1_120, 840)
PREVIEW_QUALITY, QUALITY = 80, 92
# Smaller ones are their own preview.
SMALL_BYTES = 200_000
ORIENTATION = 0x0112
# Of these one is unpacked at a time: it takes a hundred megabytes and more.
LARGE_PIXELS = 12_000_000

# What is odd about somebody's picture is nobody's affair here.
warnings.filterwarnings("ignore", module=r"PIL\.")
# Our bound is asked first.
Image.MAX_IMAGE_PIXELS = None

_threads = LowPriorityThreads(2, "pictures", waiting=8)
_one_large = threading.Lock()


class CleanPicture(NamedTuple):
    """`content` takes the place of what was brought, None: that is kept as it is. `preview` is
    WebP, None: the picture itself is small enough."""

    content: bytes | None
    width: int
    height: int
    preview: bytes | None


def checked(file: IO[bytes], content_type: str, size: int) -> CleanPicture:
    """Raises Invalid for what is none, or too large to be unpacked, and Busy."""
    return _threads.run(_checked, file, content_type, size)


def _checked(file: IO[bytes], content_type: str, size: int) -> CleanPicture:
    try:
        file.seek(0)
        with Image.open(file, formats=[FORMATS[content_type]]) as image:
            width, height = image.size
        pixels = width * height
        if pixels > limits().picture_pixels:
            raise _too_large()
        with _one_large if pixels > LARGE_PIXELS else nullcontext():
            return _unpacked(file, content_type, size)
    except Invalid:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError) as error:
        raise Invalid(f"This is no picture that can be shown: {error}") from None


def _unpacked(file: IO[bytes], content_type: str, size: int) -> CleanPicture:
    file.seek(0)
    with Image.open(file, formats=[FORMATS[content_type]]) as image:
        width, height = image.size
        moves = getattr(image, "n_frames", 1) > 1
        turned = content_type == "image/jpeg" and image.getexif().get(ORIENTATION, 1) != 1
        if content_type == "image/jpeg":
            # It is unpacked no larger than is needed.
            image.draft("RGB", PREVIEW)
        needed = moves or size > SMALL_BYTES or width > PREVIEW[0] or height > PREVIEW[1]
        image.load()
        upright = ImageOps.exif_transpose(image) if turned else image
        preview = _preview(upright) if needed else None
    content = None
    if turned:
        content = _upright(file)
        width, height = height, width
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    elif content_type in STRIPPED:
        file.seek(0)
        content = b"".join(STRIPPED[content_type](file.read()))
    return CleanPicture(content, width, height, preview)


def _too_large() -> Invalid:
    most = limits().picture_pixels // 1_000_000
    return Invalid(f"A picture has at most {most} megapixels.", "too_long")


def _preview(image: Image.Image) -> bytes:
    """Its first moment, standing still. `image` is no more what it was."""
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode in (wanted, "L"):
        # Made small first, it takes its memory once.
        image.thumbnail(PREVIEW)
    plain = image.convert(wanted)
    plain.thumbnail(PREVIEW)
    made = io.BytesIO()
    plain.save(made, "WEBP", quality=PREVIEW_QUALITY, method=2)
    return made.getvalue()


def _upright(file: IO[bytes]) -> bytes:
    """A photograph turned as its camera was held: the note that says so goes with the others."""
    file.seek(0)
    made = io.BytesIO()
    with Image.open(file, formats=["JPEG"]) as image:
        upright = ImageOps.exif_transpose(image)
        upright.save(made, "JPEG", quality=QUALITY, icc_profile=image.info.get("icc_profile"))
    return made.getvalue()


# What is taken out without unpacking --------------------------------------------------------------

# Of JPEG: notes of cameras and programs (APP1 to APP15), but for colours (APP2, APP14); comments.
NOTES = ({0xFE} | set(range(0xE1, 0xF0))) - {0xE2, 0xEE}
SCAN, END = 0xDA, 0xD9
# Of PNG: what says nothing of how it looks.
SAYINGS = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
WORDS = {b"EXIF", b"XMP "}


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in (SCAN, END):
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker not in NOTES:
            yield data[at:end]
        at = end
    yield data[at:]


def _png(data: bytes) -> Iterator[bytes]:
    yield data[:8]
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if kind not in SAYINGS:
            yield data[at:end]
        at = end
        if kind == b"IEND":
            # What stands behind is no part of the picture.
            return


def _webp(data: bytes) -> Iterator[bytes]:
    kept = []
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        kind, chunk = data[at : at + 4], data[at:end]
        if kind == b"VP8X" and len(chunk) > 8:
            # The marks that there are such notes go with them.
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind not in WORDS:
            kept.append(chunk)
        at = end
    body = b"".join(kept)
    yield b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body


STRIPPED = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}
