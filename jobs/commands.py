"""The socket commands of jobs. Registered when the app is ready; called by `rooms.live`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from rooms.live.commands import register
from rooms.models import User
from rooms.protocol import Command, Slug

from . import actions, representations
from .actions import Submission
from .models import IDLE, NORMAL, URGENT

if TYPE_CHECKING:
    from rooms.live.connection import Connection

Uuid = Annotated[UUID, Field(strict=False)]


class JobSubmit(Command):
    """Ask for work in a room. The same `client_id` again gets the same job."""

    room: Slug
    kind: Annotated[str, StringConstraints(max_length=80)]
    params: dict[str, Any] = {}
    priority: Annotated[int, Field(ge=URGENT, le=IDLE)] = NORMAL
    run_at: Annotated[datetime, Field(strict=False)] | None = None
    client_id: Uuid


class JobCancel(Command):
    job: Uuid


class JobRetry(Command):
    job: Uuid


async def submit(connection: Connection, command: JobSubmit) -> dict[str, Any]:
    wanted = Submission(
        user=connection.user,
        kind=command.kind,
        params=command.params,
        room=command.room,
        priority=command.priority,
        run_at=command.run_at,
        key=str(command.client_id),
    )
    return await connection.in_thread(accepted, wanted)


def accepted(wanted: Submission) -> dict[str, Any]:
    """The answer to a submission. Also that of the slash command."""
    job, _ = actions.submit(wanted)
    return {"type": "job.accepted", "job": representations.job(job)}


async def cancel(connection: Connection, command: JobCancel) -> dict[str, Any]:
    return await connection.in_thread(_ok, actions.cancel, connection.user, command.job)


async def retry(connection: Connection, command: JobRetry) -> dict[str, Any]:
    return await connection.in_thread(_ok, actions.retry, connection.user, command.job)


def _ok(action: Any, user: User, job_id: UUID) -> dict[str, Any]:
    action(user, job_id)
    return {"type": "ok"}


def register_all() -> None:
    register("job.submit", JobSubmit, submit)
    register("job.cancel", JobCancel, cancel)
    register("job.retry", JobRetry, retry)
