"""What somebody wants done, and whether that can be a job at all: all that is known of it without
the database. Called by whoever submits, before anything waits or is locked.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.crypto import salted_hmac
from pydantic import ValidationError

from jobs import registry, secret_params
from jobs.lifecycle.parts import Place
from jobs.lifecycle.storable import NUL
from jobs.limits import job_limits
from jobs.models import IDLE, NORMAL, URGENT
from jobs.registry import Kind
from rooms.core import json_depth, policy
from rooms.models import User, is_slug
from rooms.protocol import Invalid, problems

LATEST = timedelta(days=366)
MOST_KEY_CHARACTERS = 255


@dataclass(frozen=True)
class Submission:
    """What somebody wants done. The same user and `key` again get the job that is there. Of the
    same schedule and time there is one job. `parent` is the job that it is a part of, `part` its
    place there. `webhook`: which of the user's own is told of its end."""

    user: User
    kind: str
    params: dict[str, Any]
    room: str | None = None
    priority: int = NORMAL
    run_at: datetime | None = None
    key: str = ""
    schedule: int | None = None
    scheduled_for: datetime | None = None
    webhook: int | None = None
    parent: UUID | None = None
    part: Place | None = None


@dataclass(frozen=True)
class Checked:
    """A submission of which only the database can say no. `params` have their defaults filled in,
    and masks in place of secrets; where there are any, `secret_params` are the same as they are.
    With `keeps_answer` what is answered is kept under the key, to be given again to the letter."""

    wanted: Submission
    kind: Kind
    params: dict[str, Any]
    fingerprint: str
    keeps_answer: bool = False
    secret_params: dict[str, Any] | None = None

    @property
    def intention(self) -> tuple[int, str]:
        """What is one job however often it is submitted, if there is a key."""
        return self.wanted.user.pk, self.wanted.key


def checked(wanted: Submission, *, keeps_answer: bool = False) -> Checked:
    """Raises Invalid with a pointer to each fault, or NotFound for what cannot be a room."""
    kind = registry.get(wanted.kind)
    params, secret = checked_with_secrets(kind, wanted.params)
    _check(wanted, kind)
    fingerprint = _fingerprint(wanted, params, secret) if wanted.key else ""
    return Checked(wanted, kind, params, fingerprint, keeps_answer and bool(wanted.key), secret)


def checked_params(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are shown: plain JSON, defaults filled in and secrets masked; or
    Invalid with a pointer to each fault."""
    return checked_with_secrets(kind, given)[0]


def checked_with_secrets(
    kind: Kind, given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The same, and where there are secrets all the params as they are."""
    if json_depth.levels(given) > json_depth.MOST_LEVELS:
        raise Invalid(
            f"{kind.name}: params: lists and objects stand within one another at most"
            f" {json_depth.MOST_LEVELS} deep."
        )
    _encoded(kind, given)
    try:
        value = kind.params.model_validate(given)
    except ValidationError as error:
        raise _wrong_params(kind, error, given) from None
    shown, secret = secret_params.split(value)
    encoded = _encoded(kind, shown if secret is None else secret)
    if NUL.search(encoded):
        raise Invalid("The params of a job cannot hold the NUL character.")
    params: dict[str, Any] = orjson.loads(encoded)
    try:
        kind.params.model_validate(params)
    except ValidationError as error:
        # What JSON does not know, such as a number that is none, is not what the kind would get.
        raise _wrong_params(kind, error, given) from None
    return (params, None) if secret is None else (shown, params)


def _encoded(kind: Kind, params: Mapping[str, Any]) -> bytes:
    """As JSON, if it is not too long: asked before they are validated, which may take long."""
    try:
        encoded = orjson.dumps(params)
    except TypeError as error:
        raise Invalid(f"{kind.name}: params: {error}") from None
    most = job_limits().job_params_bytes
    if len(encoded) > most:
        raise Invalid(f"The params of a job have at most {most:,} bytes.", "too_long")
    return encoded


def _wrong_params(kind: Kind, error: ValidationError, given: Mapping[str, Any]) -> Invalid:
    found = [{**item, "pointer": f"/params{item['pointer']}"} for item in problems(error)]
    if kind.has_secret_params:
        # A validator of the kind's own may have said what it was given.
        found = secret_params.of_given(kind.params, given).json(found)
    text = "; ".join(f"{item['pointer'][1:]}: {item['message']}" for item in found)
    return Invalid(f"{kind.name}: {text}", errors=found)


def _check(wanted: Submission, kind: Kind) -> None:
    if not URGENT <= wanted.priority <= IDLE:
        raise _about("priority", f"The priority is {URGENT} (runs first) to {IDLE} (runs last).")
    if kind.needs_room and wanted.room is None:
        raise _about("room", f"{kind.title} needs a room.")
    if kind.rule and wanted.room is not None:
        raise _about("room", f"{kind.title} is done in no room.")
    if len(wanted.key) > MOST_KEY_CHARACTERS:
        raise Invalid(
            f"An idempotency key has at most {MOST_KEY_CHARACTERS} characters.", "too_long"
        )
    if wanted.run_at is not None:
        if wanted.run_at.tzinfo is None:
            raise _about("run_at", "`run_at` needs a time zone, as in 2026-05-01T09:30:00Z.")
        if wanted.run_at > timezone.now() + LATEST:
            raise _about("run_at", "A job can be scheduled for at most a year ahead.")
    if wanted.room is not None and not is_slug(wanted.room):
        raise policy.no_room(wanted.room)


def _about(field: str, message: str) -> Invalid:
    """The refusal that points at the field that is wrong."""
    return Invalid(message, errors=[{"pointer": f"/{field}", "message": message}])


def _fingerprint(wanted: Submission, params: dict[str, Any], secret: dict[str, Any] | None) -> str:
    run_at = wanted.run_at.timestamp() if wanted.run_at else None
    parts = [wanted.kind, secret or params, wanted.room, wanted.priority, run_at]
    if wanted.webhook is not None:
        parts.append(wanted.webhook)
    return digest(parts, secret is not None)


def digest(value: Any, has_secrets: bool) -> str:
    """By which the same is known again. With a key of the site's where a short secret could be
    found by trying."""
    written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if has_secrets:
        return salted_hmac("jobs.submission", written, algorithm="sha256").hexdigest()
    return hashlib.sha256(written).hexdigest()
