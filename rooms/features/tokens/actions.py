"""Making and revoking API tokens. Called by the page, by `manage.py token`, and by tests."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from rooms.core.fields import check_fields
from rooms.limits import limits
from rooms.models import ApiToken, User
from rooms.protocol import Conflict, Invalid
from rooms.protocol.scopes import Scope

DEFAULT_DAYS = 90
MOST_DAYS = 3650


def create_token(
    user: User,
    name: str,
    scopes: Iterable[str] = tuple(Scope),
    days: int | None = DEFAULT_DAYS,
) -> str:
    """A new API token: the only time that it can be seen. `days` None: it does not end by itself.

    Raises Invalid, and Conflict when the person has as many as one may have.
    """
    wanted = set(scopes)
    if not wanted or wanted - set(Scope):
        raise Invalid(f"A token needs some of these scopes: {', '.join(Scope)}.")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Invalid(f"A token lasts 1 to {MOST_DAYS:,} days, or for ever.")
    secret = ApiToken.new_secret()
    most = limits().tokens_per_person
    with transaction.atomic():
        # The row's lock: two forms sent at once are counted one after the other.
        owner = User.objects.select_for_update().get(pk=user.pk)
        if living(owner).count() >= most:
            raise Conflict(f"You have {most} tokens, which is the limit. Revoke one first.")
        row = ApiToken(
            user=owner,
            name=name,
            digest=ApiToken.digest_of(secret),
            scopes=" ".join(scope for scope in Scope if scope in wanted),
            expires_at=None if days is None else timezone.now() + timedelta(days=days),
            password_stamp=owner.password_stamp,
        )
        check_fields(row)
        row.save(force_insert=True)
    return secret


def living(user: User) -> QuerySet[ApiToken]:
    """The tokens of a person that still open something."""
    now = timezone.now()
    return ApiToken.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        user=user,
        password_stamp__in=["", user.password_stamp],
    )


def revoke_token(user: User, pk: int) -> None:
    """The token opens nothing any more. Revoking twice is revoking once."""
    ApiToken.objects.filter(user=user, pk=pk).delete()
