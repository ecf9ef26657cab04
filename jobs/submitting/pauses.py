"""Pausing and resuming of a queue or a kind, by staff. Called by REST and the admin.

What runs goes on; what is submitted is taken, and waits queued. From the commit of a pause on
nothing of it is begun (see `lifecycle.pausing`). When it is resumed all that waits is rung for.
"""

from functools import partial

from django.db import transaction

from jobs import registry
from jobs.lifecycle import doorbell, pausing
from jobs.models import Job, Pause, State
from rooms.core import lookup, policy
from rooms.core.policy import Facts
from rooms.database import clock
from rooms.models import User
from rooms.protocol import Conflict, Invalid, NotFound

from . import admission

MOST_REASON_CHARACTERS = 200


def require_to_pause(user: User) -> None:
    policy.require("job.pause", Facts(permissions=lookup.staff_permissions(user)))


def pause(user: User, target: str, name: str, reason: str = "") -> Pause:
    """Nothing of it is begun once this returns. Raises Conflict if it is paused already, or Invalid
    if there is no such queue or kind."""
    require_to_pause(user)
    _require_known(target, name)
    reason = " ".join(reason.split())
    if len(reason) > MOST_REASON_CHARACTERS:
        raise Invalid(f"A reason has at most {MOST_REASON_CHARACTERS} characters.", "too_long")
    with transaction.atomic():
        pausing.alone_in_transaction()
        row, is_new = Pause.objects.get_or_create(
            target=target,
            name=name,
            resumed_at=None,
            defaults={"reason": reason, "paused_at": clock.now(), "paused_by": user},
        )
        if not is_new:
            raise Conflict(f"The {target} {name} is paused already.")
    admission.forget()
    return row


def resume(user: User, pause_id: int) -> Pause:
    """What waited is rung for at once. A pause that is over stays as it is."""
    require_to_pause(user)
    with transaction.atomic():
        rows = Pause.objects.filter(pk=pause_id)
        if rows.filter(resumed_at=None).update(resumed_at=clock.now(), resumed_by=user):
            # Looked up after the commit: a claim that still sees the pause is of a job that this
            # finds, and a job that comes later is rung for by whoever submits it.
            transaction.on_commit(partial(_ring_all, rows.get()), robust=True)
    row = Pause.objects.select_related("paused_by", "resumed_by").filter(pk=pause_id).first()
    if row is None:
        raise NotFound("There is no such pause.")
    return row


def _require_known(target: str, name: str) -> None:
    known = {
        str(Pause.Target.QUEUE): list(registry.QUEUES),
        str(Pause.Target.KIND): [kind.name for kind in registry.known()],
    }
    if target not in known:
        raise Invalid("A queue or a kind can be paused.")
    if name not in known[target]:
        raise Invalid(f"There is no {target} {name[:80]!r}.")


def _ring_all(over: Pause) -> None:
    """What the sweeper would do, without the wait."""
    admission.forget()
    queued = pausing.unpaused(
        Job.objects.filter(state=State.QUEUED, **{over.target: over.name}), pausing.known()
    )
    jobs = list(queued.order_by("priority", "queued_at"))
    queued.update(rung_at=clock.now())
    doorbell.ring(jobs)
