"""Making and revoking API tokens. Called by pages, the admin and commands."""

from rooms.core.fields import check_fields
from rooms.models import ApiToken, User


def create_token(user: User, name: str) -> str:
    """A new API token: the only time that it can be seen. Raises Invalid for a name that cannot."""
    secret = ApiToken.new_secret()
    row = ApiToken(user=user, name=name, digest=ApiToken.digest_of(secret))
    check_fields(row)
    row.save(force_insert=True)
    return secret


def revoke_token(user: User, pk: int) -> None:
    """The token opens nothing any more. Revoking twice is revoking once."""
    ApiToken.objects.filter(user=user, pk=pk).delete()
