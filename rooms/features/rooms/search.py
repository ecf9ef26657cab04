"""Rooms by some words of their names, as the finder, the directory and REST look for them."""

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from rooms.models import Room

BEGINS, HOLDS = 0, 1


def named(rooms: QuerySet[Room], words: str, topic: bool = False) -> QuerySet[Any]:
    """Rooms whose name (or address, or, where asked for, topic) holds each of the words, with a
    `rank`: those that begin with them come first."""
    wanted = words.split()
    for word in wanted:
        holds = Q(name__icontains=word) | Q(slug__icontains=word)
        rooms = rooms.filter(holds | Q(topic__icontains=word) if topic else holds)
    begun = " ".join(wanted)
    begins = Q(name__istartswith=begun) | Q(slug__startswith=begun.lower())
    rank = Case(When(begins, then=Value(BEGINS)), default=Value(HOLDS), output_field=IntegerField())
    return rooms.annotate(rank=rank)
