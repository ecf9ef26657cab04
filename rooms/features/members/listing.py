"""A person's open invitations, as REST and the pages show them."""

from typing import Any

from django.db.models import Count

from rooms.core.representations import own_invitation
from rooms.limits import limits
from rooms.models import Invitation, User


def of_person(user: User) -> list[dict[str, Any]]:
    """Newest first; one query."""
    rows = Invitation.objects.open_to(user).select_related("room", "by")
    counted = rows.annotate(members=Count("room__memberships")).order_by("-at", "-pk")
    newest: Any = counted[: limits().invitations_received]
    return [own_invitation(row, row.members) for row in newest]
