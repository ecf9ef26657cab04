"""Bans by a name that nobody had, or that somebody has no more. They hold for whoever takes the
name, and stay when the account goes: else the list of bans would tell which names are somebody's.

Listens to Django's signals, so that it holds for pages, the admin and commands alike.
"""

from typing import Any

from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver

from rooms.models import Ban, User


@receiver(post_save, sender=User, dispatch_uid="rooms.ban_by_name")
def takes_a_name(instance: User, update_fields: Any = None, **_: Any) -> None:
    if update_fields is not None and "username" not in update_fields:
        return
    banned_already = Ban.objects.filter(user=instance).values("room")
    rows = Ban.objects.filter(name=instance.username, user=None)
    rows.exclude(room__in=banned_already).update(user=instance)


@receiver(pre_delete, sender=User, dispatch_uid="rooms.ban_without_account")
def gives_it_up(instance: User, **_: Any) -> None:
    Ban.objects.filter(user=instance).exclude(name="").update(user=None)
