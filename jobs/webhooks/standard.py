"""What is sent, by the Standard Webhooks specification (standardwebhooks.com), version 1. Pure."""

import base64
import hashlib
import hmac
import secrets
from typing import Any

import orjson

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Of the id, the time (Unix seconds) and the body, so that none can be exchanged or sent again
    later."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def body(type: str, timestamp: str, data: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": type, "timestamp": timestamp, "data": data})


def headers(secret: str, message_id: str, timestamp: int, content: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Parley-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, content),
    }
