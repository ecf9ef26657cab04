"""`room.approval`: has people of the room approve something, or refuse it. What waits for it looks
at the job: a deployment over REST, say."""

from typing import Any, Literal

from pydantic import Field

from jobs.registry import INTERACTIVE, Params, kind
from jobs.running.context import Context

APPROVE, REFUSE = "Approve", "Refuse"


class ApprovalParams(Params):
    text: str = Field(min_length=1, max_length=280, description="what is to be approved")
    who: Literal["moderators", "members"] = Field("moderators", description="whose word counts")
    hours: float = Field(24, gt=0.001, le=24 * 90, description="how long they have")


@kind("room.approval", title="Approval", params=ApprovalParams, queue=INTERACTIVE, needs_room=True)
def room_approval(ctx: Context[ApprovalParams]) -> dict[str, Any]:
    """Ask for an approval, and wait for it. Has failed if nobody answers in time."""
    params = ctx.params
    answer = ctx.ask(
        "approval",
        params.text,
        choices=[APPROVE, REFUSE],
        who=params.who,
        within=params.hours * 3600,
    )
    approved = answer.value == APPROVE
    # Markdown of the text is not undone by a name before it.
    by = answer.by.name if answer.by else "somebody whose account is gone"
    return {
        "summary": f"{'Approved' if approved else 'Refused'} by {by}: {params.text}",
        "approved": approved,
        "by": by,
    }
