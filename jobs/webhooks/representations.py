"""The JSON shapes of webhooks and of what was sent to them. Never with the secret."""

from datetime import datetime
from typing import Any

from jobs.models import Job, Webhook
from rooms.core.representations import person, timestamp


def _at(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)


def webhook(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.pk,
        "scope": str(row.scope),
        "room": row.room.slug if row.room else None,
        "owner": person(row.owner),
        "url": row.url,
        "kind": row.kind or None,
        "only_failures": row.only_failures,
        "created_at": timestamp(row.created_at),
        "disabled_at": _at(row.disabled_at),
        "disabled_reason": row.disabled_reason or None,
    }


def delivery(row: Job) -> dict[str, Any]:
    data = row.params.get("data") or {}
    return {
        "id": str(row.pk),
        "type": row.params.get("type", ""),
        "job": data.get("id"),
        "state": str(row.state),
        "created_at": timestamp(row.created_at),
        "finished_at": _at(row.finished_at),
        "attempt": row.attempt,
        "max_attempts": row.max_attempts,
        "retry_at": _at(row.due_at) if row.state == "retrying" else None,
        "status": (row.result or {}).get("status"),
        "error": row.error_message or None,
    }
