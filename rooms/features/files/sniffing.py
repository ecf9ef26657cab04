"""What a file is, by what it begins with: neither its name nor whoever brings it is believed. Pure.

What is not known here is a text if it reads like one, else bytes.
"""

HEAD_BYTES = 4_096

# (place, signature, type). What stands first wins.
SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
)
TEXT, BYTES = "text/plain", "application/octet-stream"
# Bytes of which a text has none, but for those that break a line or move along it.
STRANGE = frozenset(range(32)) - set(b"\t\n\r\f\x1b")


def content_type_of(head: bytes) -> str:
    """Of the file that begins with `head`, `HEAD_BYTES` of it or all."""
    for place, signature, content_type in SIGNATURES:
        if head.startswith(signature, place):
            return content_type
    return TEXT if _reads(head[:HEAD_BYTES]) else BYTES


def _reads(head: bytes) -> bool:
    if not STRANGE.isdisjoint(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A letter may have been cut in the middle.
        return len(head) - error.start < 4 and len(head) >= HEAD_BYTES
    return True
