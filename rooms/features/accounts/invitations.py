"""Invitations to make an account: single-use links that run out. For `PARLEY_SIGNUP=invite`."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from rooms.http import site_address
from rooms.models import AccountInvitation, User
from rooms.protocol import Forbidden, Invalid

from . import policy

DEFAULT_DAYS = 7
MOST_DAYS = 365


def create(by: User | None, email: str = "", days: int = DEFAULT_DAYS) -> tuple[int, str]:
    """A new invitation: its key, and its link, which can be seen this once. Raises Forbidden where
    nobody can make an account, and Invalid."""
    if policy.signup() == policy.CLOSED:
        raise Forbidden("Sign-up is closed. With PARLEY_SIGNUP=invite, invitations open it.")
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"An invitation lasts 1 to {MOST_DAYS} days.")
    secret = secrets.token_urlsafe(24)
    row = AccountInvitation.objects.create(
        digest=_digest(secret),
        email=email,
        created_by=by,
        expires_at=timezone.now() + timedelta(days=days),
    )
    return row.pk, site_address.base() + reverse("account_invitation", args=[secret])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _open(secret: str) -> QuerySet[AccountInvitation]:
    return AccountInvitation.objects.filter(
        digest=_digest(secret), used_at=None, expires_at__gt=timezone.now()
    )


def find(secret: str) -> AccountInvitation | None:
    """The invitation behind a link, while it can be used."""
    return _open(secret).first() if secret else None


def use_in_transaction(secret: str, user: User) -> None:
    """Raises Forbidden when somebody else was faster, or its time has come."""
    if not _open(secret).update(used_at=timezone.now(), used_by=user):
        raise Forbidden("The invitation has been used, or has run out.")
