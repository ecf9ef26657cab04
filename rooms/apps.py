"""The app of rooms: what registers itself when Django starts."""

from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from . import checks, slices  # noqa: F401 - register themselves
        from .core import credential_signals, rules  # noqa: F401 - register themselves
        from .features.bans import strangers  # noqa: F401 - registers itself
        from .features.members import departure  # noqa: F401 - registers itself
        from .http import body_bounds, https_notice  # noqa: F401 - register themselves
        from .limits import limits
        from .live.commands import session

        rules.register_all()
        session.register_all()
        slices.register_features()
        https_notice.watch()
        body_bounds.register("/api/", limits().api_body_bytes)
        body_bounds.register("/admin/", limits().api_body_bytes)
