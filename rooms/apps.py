"""The app of rooms: what registers itself when Django starts."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - register themselves
        from .core import body_bounds, credential_signals  # noqa: F401 - register themselves
        from .limits import limits
        from .live.commands import session as handlers

        handlers.register_all()
        body_bounds.register("/api/", limits().api_body_bytes)
        body_bounds.register("/admin/", limits().api_body_bytes)
