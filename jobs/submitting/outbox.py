"""`jobs.submit`: how Python code has something done, within its own transaction if it has one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobs.models import NORMAL, Job
from rooms.models import User

from . import actions
from .submission import Submission


def submit(
    kind: str,
    params: Mapping[str, Any] | None = None,
    *,
    user: User,
    room: str | None = None,
    priority: int = NORMAL,
    run_at: datetime | None = None,
    key: str = "",
) -> Job:
    """Have a job done for `user`, in the room with that slug if one is named. The same `key` again
    gives the job that is there.

    Inside `transaction.atomic()` the job is a part of the transaction: workers hear of it after the
    commit, and when that does not come it never was. Outside it is committed when this returns.
    The transaction holds the row of the person, and that of the room, to its end: let it be short.
    Raises the refusals that REST answers with (`rooms.protocol.Refusal`).
    """
    wanted = Submission(user, kind, dict(params or {}), room, priority, run_at, key)
    return actions.submit(wanted)[0]
