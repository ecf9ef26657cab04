"""`manage.py redis`: the embedded Redis alone, for running the parts one by one."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rooms.management import embedded_redis


class Command(BaseCommand):
    help = "Runs the embedded Redis in the foreground. Not needed beside `up`."
    # It needs neither the database nor the routes.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_EMBEDDED:
            raise CommandError("REDIS_URL is set: that Redis is used, and not the embedded one.")
        if embedded_redis.answers(settings.REDIS_URL):
            raise CommandError(f"A Redis listens at {settings.REDIS_SOCKET} already.")
        command = embedded_redis.command()
        self.stdout.write(f"Redis listens at {settings.REDIS_SOCKET}")
        self.stdout.flush()
        os.execv(command[0], command)
