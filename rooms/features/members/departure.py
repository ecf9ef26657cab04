"""Somebody whose account is deleted leaves all their rooms first: the rooms are told, and keep an
owner. Listens to Django's signal, so that it holds for the admin, pages and commands alike."""

from typing import Any

from django.db import transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from rooms.core import person_lock
from rooms.core.log import writing_in_transaction
from rooms.core.membership import leave_in_transaction
from rooms.models import Membership, User


@receiver(pre_delete, sender=User, dispatch_uid="rooms.departure")
def leave_everything(instance: User, **_: Any) -> None:
    mine = Membership.objects.filter(user=instance).select_related("user")
    room_ids = list(mine.values_list("room_id", flat=True))
    if not room_ids:
        return
    with transaction.atomic():
        person_lock.hold_in_transaction(instance.pk)
        with writing_in_transaction(room_ids) as logs:
            for membership in mine.filter(room__in=logs.rooms):
                leave_in_transaction(logs, logs.rooms[membership.room_id], membership)
