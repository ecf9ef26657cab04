"""What programs send, as the text of a message. Pure.

Four forms are known, each by what only it has: Parley's own (`body`), Slack's (`text`), that of
GitHub (a header names the event) and that of Prometheus' Alertmanager (`groupKey`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from rooms.models.incoming_webhooks import KEY_CHARACTERS
from rooms.protocol import Invalid

from . import alertmanager, github, slack

OWN_FIELDS = {"body", "key"}
GITHUB_EVENT = "x-github-event"


class Incoming(NamedTuple):
    """`body` is Markdown. The next message with the same `key` takes the place of this one; empty:
    none does."""

    body: str
    key: str = ""


def read(headers: Mapping[str, str], payload: bytes) -> Incoming | None:
    """`headers` by their names in lower case. None: there is nothing to say about it. Raises
    Invalid."""
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"This is not JSON: {error}") from None
    if not isinstance(told, dict):
        raise Invalid('A JSON object is needed, for example {"body": "Hello"}.')
    if GITHUB_EVENT in headers:
        return _made(github.text(headers[GITHUB_EVENT], told))
    if "groupKey" in told and "alerts" in told:
        return _made(alertmanager.text(told))
    if "body" in told:
        return _own(told)
    if "text" in told or "blocks" in told or "attachments" in told:
        return Incoming(slack.text(told), _key(told))
    raise Invalid("There is no `body`, and it is no form that is known here.")


def _own(told: Mapping[str, Any]) -> Incoming:
    if unknown := sorted(set(told) - OWN_FIELDS):
        raise Invalid(f"There is no field {unknown[0][:40]!r}: a message has `body` and `key`.")
    if not isinstance(told["body"], str):
        raise Invalid("`body` must be a text.")
    return Incoming(told["body"], _key(told))


def _key(told: Mapping[str, Any]) -> str:
    key = told.get("key") or ""
    if not isinstance(key, str) or len(key) > KEY_CHARACTERS or "\0" in key:
        raise Invalid(f"`key` must be a text of at most {KEY_CHARACTERS} characters.")
    return key


def _made(found: tuple[str, str] | None) -> Incoming | None:
    return (
        None if found is None else Incoming(found[0], found[1][:KEY_CHARACTERS].replace("\0", ""))
    )
