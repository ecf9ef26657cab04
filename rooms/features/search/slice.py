"""Searching messages."""

from django.apps import apps
from django.db.models.signals import post_migrate

from rooms.slices import Slice

from . import checks, message_index  # noqa: F401 - checks registers itself

SLICE = Slice(
    name="search",
    rest="rooms.features.search.rest.router",
    modules=["rooms/features/search/finder-source.js"],
    upkeep={"index of messages": message_index.catch_up},
)

post_migrate.connect(message_index.repair, sender=apps.get_app_config("rooms"))
