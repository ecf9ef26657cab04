"""The app: finds kinds, and gives the socket and the slash their job commands."""

from django.apps import AppConfig
from django.conf import settings


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        # `tasks` brings the ring: whoever submits a job rings.
        from . import registry, tasks  # noqa: F401
        from .faces import slash
        from .faces import socket as commands  # noqa: F401
        from .lifecycle import message

        message.register()
        registry.autodiscover(settings.PARLEY_KINDS)
        commands.register_all()
        slash.register()
