"""`jobs.change_many` and `jobs.delete_many`: what staff do to all jobs that match a filter, as jobs
of their own. The admin submits them, with a preview of how many there are.
"""

from typing import Any, Literal

from pydantic import Field

from jobs.registry import BULK, Params, kind
from jobs.running.context import Context, GiveUp
from jobs.submitting import many
from jobs.submitting.many import Matching
from rooms.protocol import Busy

CHANGE_MANY, DELETE_MANY = "job.change_many", "job.delete_many"
LONGEST_SECONDS = 4 * 3600


class DeleteManyParams(Params):
    matching: Matching = Field(Matching(), description="which jobs")


class ChangeManyParams(DeleteManyParams):
    verb: Literal["cancel", "retry", "requeue"]


@kind(
    "jobs.change_many",
    title="Change many jobs",
    params=ChangeManyParams,
    queue=BULK,
    soft_time_limit=LONGEST_SECONDS,
    rule=CHANGE_MANY,
)
def change_many(ctx: Context[ChangeManyParams]) -> dict[str, Any]:
    """Cancels, retries or queues all jobs that match a filter."""
    return through(ctx, ctx.params.verb, CHANGE_MANY)


@kind(
    "jobs.delete_many",
    title="Delete many jobs",
    params=DeleteManyParams,
    queue=BULK,
    soft_time_limit=LONGEST_SECONDS,
    rule=DELETE_MANY,
)
def delete_many(ctx: Context[DeleteManyParams]) -> dict[str, Any]:
    """Deletes all ended jobs that match a filter, with what is theirs. Messages in rooms stay."""
    return through(ctx, "delete", DELETE_MANY)


def through(ctx: Context[Any], verb: str, rule: str) -> dict[str, Any]:
    """A slice after the other; what is done stays done when it is stopped in the middle."""
    user, wanted = ctx.requested_by, ctx.params.matching
    total = many.count(verb, wanted)
    done = seen = 0
    full = ""
    for job_ids in many.slices(verb, wanted, ctx.id):
        if user is None:
            raise GiveUp("Who asked for it is gone.")
        if (refused := many.refusal(user, rule)) is not None:
            raise GiveUp(f"After {done:,} jobs: {refused.message}")
        try:
            done += many.act(verb, user, job_ids)
        except Busy as busy:
            full = f" Stopped: {busy.message}"
            break
        seen += len(job_ids)
        ctx.progress(seen, max(total, seen), "jobs")
    skipped = seen - done if not full else 0
    said = f"{done:,} {'job' if done == 1 else 'jobs'} {many.VERBS[verb].done}"
    skips = f", {skipped:,} skipped" if skipped else ""
    return {"summary": f"{said}{skips}.{full}", "done": done, "skipped": skipped}
