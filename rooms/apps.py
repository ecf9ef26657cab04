"""The app of rooms: what registers itself when Django starts."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from . import checks, withdrawal  # noqa: F401 - register themselves
        from .live import handlers

        handlers.register_all()
