"""The app of rooms: what registers itself when Django starts."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers itself
        from .live import handlers

        handlers.register_all()
