"""The app of rooms: what registers itself when Django starts."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from . import checks, slices  # noqa: F401 - register themselves
        from .core import credential_signals, https_notice, rules  # noqa: F401 - register themselves
        from .features.members import departure  # noqa: F401 - registers itself
        from .live.commands import session

        rules.register_all()
        session.register_all()
        slices.register_features()
        https_notice.watch()
