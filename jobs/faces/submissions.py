"""What the operations that submit have in common: the `Idempotency-Key`, what was sent as a
`Submission`, and a person's share of the jobs in the answer's header. Used by `api` and `batch`.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header
from pydantic import BaseModel, Field

from jobs.kinds import chain
from jobs.submitting.admission import Share
from jobs.submitting.submission import MOST_KEY_CHARACTERS, Submission
from rooms.models import User
from rooms.protocol import Invalid
from rooms.rest import limits

from .schemas import NewJob

# What every server and proxy lets through.
KEY_PATTERN = "^[!-~]([ -~]*[!-~])?$"
KeyText = Annotated[str, Field(pattern=KEY_PATTERN, max_length=MOST_KEY_CHARACTERS)]
# Of a header only said in the document: `key_of` tells of it, and takes what stands around it.
_HeaderText = Annotated[
    str,
    Field(
        json_schema_extra={
            "pattern": KEY_PATTERN,
            "minLength": 1,
            "maxLength": MOST_KEY_CHARACTERS,
        }
    ),
]
KeyHeader = Annotated[
    _HeaderText | None,
    Header(
        alias="Idempotency-Key",
        description=(
            "One of your own for each request, best a UUID. The same request with the same key does"
            " nothing again, and for a day has the same answer. 409: the first one is under way;"
            " 422: the key was used for something else. Refusals are not kept."
        ),
    ),
]


def key_of(header: str | None) -> str:
    """The draft standard puts the key in quotation marks; bare ones are taken, too."""
    if header is None:
        return ""
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or not (key.isascii() and key.isprintable()):
        raise Invalid("The Idempotency-Key is empty, or not of printable ASCII.")
    if len(key) > MOST_KEY_CHARACTERS:
        raise Invalid(f"A key has at most {MOST_KEY_CHARACTERS} characters.", "too_long")
    return key


def submission_of(user: User, job: NewJob, key: str) -> Submission:
    kind, params = with_following(job.kind, job.params, job.then, job.go_on)
    return Submission(
        user, kind, params, job.room, job.priority, job.run_at, key, webhook=job.webhook
    )


def with_following(
    kind: str,
    params: dict[str, Any],
    then: Sequence[BaseModel | Sequence[BaseModel]],
    go_on: bool,
) -> tuple[str, dict[str, Any]]:
    """The kind and the params of a job, which with something to follow it is a chain."""
    if not then:
        return kind, params
    stages = [[each] if isinstance(each, BaseModel) else each for each in then]
    following = [[part.model_dump() for part in stage] for stage in stages]
    return chain.CHAIN, {"stages": [[{"kind": kind, "params": params}], *following], "go_on": go_on}


def tell_share(request: HttpRequest, share: Share) -> None:
    """In `RateLimit`, as what bounds the calls."""
    limits.tell_quota(request, limits.Quota("jobs", share.most, share.left, share.seconds))
