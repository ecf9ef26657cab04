"""Somebody is called something else: all their rooms are told, in the transaction that changes it,
by `member.changed`. Listens to Django's signals, so that it holds for pages, the admin and commands
alike; what `QuerySet.update` writes sends none.
"""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from rooms.core import bell, person_lock
from rooms.core.credentials import NAMES
from rooms.core.log import writing_in_transaction
from rooms.core.representations import member as member_json
from rooms.core.representations import person
from rooms.models import Membership, Room, User

# What the instance is marked with between the two signals.
_BEFORE = "_name_before"


@receiver(pre_save, sender=User, dispatch_uid="rooms.name_before")
def remember(instance: User, update_fields: Any = None, **_: Any) -> None:
    if instance._state.adding or not (update_fields is None or set(NAMES) & set(update_fields)):
        return
    row = User.objects.only(*NAMES).filter(pk=instance.pk).first()
    setattr(instance, _BEFORE, row.name if row is not None else None)


@receiver(post_save, sender=User, dispatch_uid="rooms.name_changed")
def tell(instance: User, **_: Any) -> None:
    before = instance.__dict__.pop(_BEFORE, None)
    if before is not None and before != instance.name:
        with transaction.atomic():
            person_lock.hold_in_transaction(instance.pk)
            _tell_in_transaction(instance)


def _tell_in_transaction(user: User) -> None:
    mine = Membership.objects.filter(user=user)
    with writing_in_transaction(list(mine.values_list("room_id", flat=True))) as logs:
        for membership in mine.filter(room__in=logs.rooms):
            membership.user = user
            room = logs.rooms[membership.room_id]
            logs.append(room, "member.changed", {"member": member_json(membership)})
    event = {"type": "person", "user": person(user)}
    for user_id in {user.pk, *_counterparts(user)}:
        _tell_on_commit(user_id, f"person:{user.pk}", event)


def _counterparts(user: User) -> set[int]:
    """Those whose lists of rooms show this person's name."""
    between_two = Room.objects.filter(
        visibility=Room.Visibility.DIRECT, memberships__user=user
    ).values("pk")
    others = Membership.objects.filter(room__in=between_two).exclude(user=user)
    return set(others.values_list("user_id", flat=True))


def _tell_on_commit(user_id: int, key: str, event: dict[str, Any]) -> None:
    transaction.on_commit(lambda: bell.tell(user_id, key, event), robust=True)
