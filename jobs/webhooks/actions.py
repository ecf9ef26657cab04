"""What people do with webhooks: make, change, delete, try, send again. Called by REST and the
admin."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from jobs import registry
from jobs.lifecycle import transitions
from jobs.limits import job_limits
from jobs.models import Job, Webhook
from jobs.policy import CHANGE_WEBHOOK
from rooms.core import lookup, person_lock, policy
from rooms.core.policy import Facts
from rooms.core.representations import timestamp
from rooms.core.rules import MANAGERS
from rooms.database import clock
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict, Invalid, NotFound

from . import addresses, outbox, representations, standard


@dataclass(frozen=True)
class NewWebhook:
    url: str
    scope: str = Webhook.Scope.OWN
    room: str | None = None
    kind: str = ""
    only_failures: bool = False


def visible_to(user: User) -> "QuerySet[Webhook]":
    """Those that somebody may change; nobody else sees any."""
    rows = Webhook.objects.select_related("room", "owner")
    if CHANGE_WEBHOOK in lookup.staff_permissions(user):
        return rows
    managed = Membership.objects.filter(user=user, role__in=MANAGERS).values("room")
    return rows.filter(
        Q(scope=Webhook.Scope.OWN, owner=user) | Q(scope=Webhook.Scope.ROOM, room__in=managed)
    )


def find(user: User, webhook_id: int) -> Webhook:
    row = visible_to(user).filter(pk=webhook_id).first()
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}, or it is not yours.")
    return row


def make(user: User, wanted: NewWebhook) -> Webhook:
    """With a secret of its own. Raises Refusal."""
    room = None
    if wanted.scope not in Webhook.Scope.values:
        raise Invalid(f"scope is one of {', '.join(Webhook.Scope.values)}.")
    if (wanted.scope == Webhook.Scope.ROOM) != (wanted.room is not None):
        raise Invalid("A webhook of a room names the room, and no other one does.")
    if wanted.room is not None:
        room = lookup.room_by_slug(wanted.room)
        facts = lookup.facts(user, room)
    else:
        facts = Facts()
    permissions = lookup.staff_permissions(user)
    policy.require(f"webhook.{wanted.scope}", facts._replace(permissions=permissions))
    if room is not None and not room.pk:
        raise policy.no_room(room.slug)
    row = Webhook(
        scope=wanted.scope,
        room=room,
        owner=user,
        url=checked_url(wanted.url),
        secret=standard.new_secret(),
        kind=_checked_kind(wanted.kind),
        only_failures=wanted.only_failures,
        created_at=clock.now(),
    )
    with transaction.atomic():
        _require_room_for_one_more(user, room)
        row.save()
    outbox.forget()
    return row


def _require_room_for_one_more(user: User, room: Room | None) -> None:
    person_lock.hold_in_transaction(user.pk)
    most = job_limits().webhooks_per_user
    if Webhook.objects.filter(owner=user).count() >= most:
        raise Conflict(f"You have made {most} webhooks, which is the most.")
    # Every end of a job there is sent to each.
    if room is not None and Webhook.objects.filter(room=room).count() >= most:
        raise Conflict(f"{room.name} has {most} webhooks, which is the most.")


def checked_url(url: str) -> str:
    """Raises Invalid. Whether the host may be asked is looked at with each delivery."""
    try:
        addresses.parsed(url.strip())
    except addresses.Refused as refused:
        message = str(refused)
        raise Invalid(message, errors=[{"pointer": "/url", "message": message}]) from None
    return url.strip()


def _checked_kind(kind: str) -> str:
    return registry.get(kind).name if kind else ""


def change(
    user: User,
    webhook_id: int,
    *,
    url: str | None = None,
    enabled: bool | None = None,
    new_secret: bool = False,
) -> Webhook:
    row = find(user, webhook_id)
    changed = []
    if url is not None:
        row.url = checked_url(url)
        changed.append("url")
    if enabled is not None:
        row.disabled_at = None if enabled else (row.disabled_at or clock.now())
        row.disabled_reason = "" if enabled else "Switched off."
        changed += ["disabled_at", "disabled_reason"]
    if new_secret:
        row.secret = standard.new_secret()
        changed.append("secret")
    row.save(update_fields=changed)
    outbox.forget()
    return row


def disable(row: Webhook, reason: str) -> None:
    row.disabled_at, row.disabled_reason = clock.now(), reason
    row.save(update_fields=["disabled_at", "disabled_reason"])
    outbox.forget()


def delete(user: User, webhook_id: int) -> None:
    find(user, webhook_id).delete()
    outbox.forget()


# Deliveries ---------------------------------------------------------------------------------------


def deliveries(row: Webhook) -> "QuerySet[Job]":
    return Job.objects.filter(webhook=row, kind=outbox.KIND)


def try_out(user: User, webhook_id: int) -> Job:
    """Send something that means nothing."""
    row = find(user, webhook_id)
    data: dict[str, Any] = {"webhook": representations.webhook(row), "at": timestamp(clock.now())}
    with transaction.atomic():
        (delivery,) = outbox.insert_in_transaction([(row.pk, outbox.TEST, data)])
    return delivery


def send_again(user: User, webhook_id: int, delivery_id: UUID) -> Job:
    """One that has failed gets all of its attempts again; one that was taken is sent once more."""
    row = find(user, webhook_id)
    delivery = deliveries(row).filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound("There is no such delivery, or it is no longer kept.")
    if delivery.spoilt:
        again = transitions.begin_again(delivery.pk, registry.get(outbox.KIND).max_attempts)
        if again is None:
            raise Conflict("Somebody else has just sent it again.")
        return again
    if not delivery.finished:
        raise Conflict("It is still being tried.")
    params = delivery.params
    with transaction.atomic():
        (made,) = outbox.insert_in_transaction([(row.pk, params["type"], params["data"])])
    return made
