"""What a file is, and which bytes of it are asked for."""

import pytest

from rooms.features.files import ranges, sniffing


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n0000", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<!doctype html><script>alert(1)</script>", "text/plain"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', "text/plain"),
        ("Grüße\n".encode(), "text/plain"),
        ("ü".encode() * 2_048 + b"x", "text/plain"),
        (b"x" + "ü".encode() * 3_000, "text/plain"),
        ("Grüße".encode("latin-1"), "application/octet-stream"),
        (b"MZ\0\0\x01", "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_what_a_file_is(head: bytes, content_type: str) -> None:
    assert sniffing.content_type_of(head) == content_type


@pytest.mark.parametrize(
    ("asked", "bytes_sent"),
    [
        (None, (0, 10)),
        ("bytes=0-", (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=5-900", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=9-", (9, 10)),
        ("bytes=10-", None),
        ("bytes=-0", None),
        ("bytes=4-2", (0, 10)),
        ("bytes=-", (0, 10)),
        ("bytes=0-1,3-4", (0, 10)),
        ("lines=0-1", (0, 10)),
        ("bytes=" + "9" * 400 + "-", (0, 10)),
        ("bytes=٣-", (0, 10)),
    ],
)
def test_which_bytes_are_asked_for(asked: str | None, bytes_sent: tuple[int, int] | None) -> None:
    headers = {} if asked is None else {"Range": asked}
    expected = None if bytes_sent is None else range(*bytes_sent)
    assert ranges.asked(headers, 10, '"a"') == expected


def test_of_another_file_all_is_sent() -> None:
    headers = {"Range": "bytes=2-4", "If-Range": '"b"'}
    assert ranges.asked(headers, 10, '"a"') == range(10)
    assert ranges.asked({**headers, "If-Range": '"a"'}, 10, '"a"') == range(2, 5)
