"""People whom somebody may write to, by some letters of their names."""

from django.db.models import Q

from rooms.models import Membership, User

MOST_FOUND = 12


def people(user: User, words: str) -> list[User]:
    """Those who share a room with the user and whose names hold each of the words. One query."""
    mine = Membership.objects.filter(user=user).values("room")
    around = Membership.objects.filter(room__in=mine).values("user")
    found = User.objects.filter(pk__in=around, is_active=True).exclude(pk=user.pk)
    for word in words.split():
        found = found.filter(
            Q(username__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
        )
    return list(found.order_by("username")[:MOST_FOUND])
