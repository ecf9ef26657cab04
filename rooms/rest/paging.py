"""Pages of long lists: an opaque cursor that says where the last page ended. Used by REST."""

import base64
import binascii
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest

from rooms.protocol import Invalid

Key = list[int | str]


def cursor(*key: int | str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def key_of(text: str | None, *types: type) -> Key | None:
    """What `cursor` was given, or None without a cursor. Raises Invalid for any other text."""
    if text is None:
        return None
    try:
        key = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        key = None
    if (
        not isinstance(key, list)
        or [type(part) for part in key] != list(types)
        or any(isinstance(part, int) and abs(part) >= 2**63 for part in key)
        or any(isinstance(part, str) and "\x00" in part for part in key)
    ):
        raise Invalid("The cursor is not one that a `next` link gave.")
    return key


def link(request: HttpRequest, **parameters: int | str) -> str:
    """This address with these parameters, relative to the server."""
    return f"{request.path}?{urlencode(parameters)}"
