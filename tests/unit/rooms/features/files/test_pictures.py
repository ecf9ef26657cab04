"""Pictures that people bring: nothing but the picture is kept, and a small one is made."""

import io
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from rooms.features.files import pictures
from rooms.limits import limits
from rooms.protocol import Busy, Invalid
from tests.support.waiting import until

PLACE = "Lat 52.1 here"


def picture(kind: str, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    made = io.BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    image = Image.new(mode, size, (200, 30, 30) if mode == "RGB" else (200, 30, 30, 128))
    image.save(made, kind, **options)
    return made.getvalue()


def exif(orientation: int = 1) -> Any:
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes[0x010E] = PLACE
    return notes


def checked(data: bytes, content_type: str) -> pictures.CleanPicture:
    return pictures.checked(io.BytesIO(data), content_type, len(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_where_it_was_taken_is_not_kept(kind: str, orientation: int) -> None:
    data = picture(kind, exif=exif(orientation))
    assert PLACE.encode() in data
    found = checked(data, f"image/{kind.lower()}")
    assert found.content is not None and PLACE.encode() not in found.content
    with Image.open(io.BytesIO(found.content)) as image:
        image.load()
        assert image.format == kind and image.size == (found.width, found.height)
        assert not dict(image.getexif()).get(0x010E)
    turned = kind == "JPEG" and orientation == 6
    assert (found.width, found.height) == ((30, 40) if turned else (40, 30))


def test_words_of_programs_go_as_well() -> None:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Software", "secret words")
    found = checked(picture("PNG", pnginfo=words), "image/png")
    assert found.content is not None and b"secret" not in found.content
    jpeg = picture("JPEG", comment=b"secret words")
    assert b"secret" in jpeg
    found = checked(jpeg, "image/jpeg")
    assert found.content is not None and b"secret" not in found.content
    # What stands behind a PNG is no picture.
    found = checked(picture("PNG") + b"PK\x03\x04secret", "image/png")
    assert found.content is not None and b"secret" not in found.content


def test_a_large_one_has_a_small_one() -> None:
    found = checked(picture("JPEG", (3_000, 2_000)), "image/jpeg")
    assert (found.width, found.height) == (3_000, 2_000) and found.preview is not None
    with Image.open(io.BytesIO(found.preview)) as image:
        assert image.format == "WEBP" and image.size == (1_120, 747)
    assert checked(picture("PNG"), "image/png").preview is None


def test_one_that_moves_stands_still_at_first() -> None:
    frames = [Image.new("RGB", (20, 10), (80 * number, 0, 0)) for number in range(3)]
    made = io.BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    found = checked(made.getvalue(), "image/gif")
    assert found.preview is not None and (found.width, found.height) == (20, 10)
    with Image.open(io.BytesIO(found.preview)) as image:
        assert getattr(image, "n_frames", 1) == 1


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def test_a_small_file_that_would_be_a_huge_picture_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises(Invalid, match="megapixels"):
        checked(data, "image/png")
    side = int(limits().picture_pixels ** 0.5) + 1
    with pytest.raises(Invalid, match="megapixels"):
        checked(picture("GIF", (side, side)), "image/gif")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\x89PNG\r\n\x1a\n" + b"<script>alert(1)</script>" * 9, "image/png"),
        (picture("PNG")[:60], "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\xff\xd8\xff\xe1\xff\xff", "image/jpeg"),
        (b"GIF89a\0", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (picture("PNG"), "image/jpeg"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, content_type: str) -> None:
    with pytest.raises(Invalid):
        checked(data, content_type)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_any_byte_may_be_wrong(kind: str) -> None:
    """Either it is refused, or what is kept can be opened."""
    data = picture(kind, (16, 12), exif=exif())
    for place in range(0, len(data), 3):
        spoilt = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        try:
            found = checked(spoilt, f"image/{kind.lower()}")
        except Invalid:
            continue
        assert found.content is not None and found.width > 0


def test_what_is_unpacked_gives_way_and_does_not_wait_in_a_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two at a time, eight wait; whoever comes then is told to come again."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_: Any) -> str:
        begun.release()
        go_on.wait()
        return "done"

    monkeypatch.setattr(pictures, "_checked", slow)
    with ThreadPoolExecutor(11) as callers:
        waiting = [callers.submit(checked, b"", "image/png") for _ in range(10)]
        for _ in range(2):
            begun.acquire()
        until(lambda: pictures._threads._calls == 10, what="the others wait")
        with pytest.raises(Busy):
            checked(b"", "image/png")
        go_on.set()
        assert {str(each.result()) for each in waiting} == {"done"}
    assert pictures._threads._calls == 0
