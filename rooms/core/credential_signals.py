"""Signals that a credential is worth less than before: told to every process, which asks the
database what still holds. Rooms and members tell of themselves, in the actions of their slices.

Connected when the app is ready. A session is a row, so its end is seen whatever ended it: logging
out, a new key after a changed password, `clearsessions`. Writes that send no signals, such as
`QuerySet.update`, are found by the check that every process makes from time to time.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from rooms.models import ApiToken, User

from . import bell
from .credentials import NAMES

PROOFS = {"password", "is_active", *NAMES}


@receiver(post_delete, sender=Session)
def session_ended(instance: Session, **_: Any) -> None:
    user_id = instance.get_decoded().get(SESSION_KEY)
    if user_id is not None:
        bell.recheck_on_commit(int(user_id))


@receiver(post_delete, sender=ApiToken)
def token_revoked(instance: ApiToken, **_: Any) -> None:
    bell.recheck_on_commit(instance.user_id)


@receiver(post_save, sender=User)
def user_changed(
    instance: User, created: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """A password that was changed, an account that was closed, or a name, which open connections
    carry. Logging in saves users as well."""
    if not created and (update_fields is None or PROOFS & set(update_fields)):
        bell.recheck_on_commit(instance.pk)


@receiver(post_delete, sender=User)
def user_deleted(instance: User, **_: Any) -> None:
    bell.recheck_on_commit(instance.pk)
