"""`manage.py serve`: the web server, with the live core on its event loop."""

import os
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Serve pages, REST and sockets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        check_free(host, port)
        arguments = ["-m", "rooms.live", "--host", host, "--port", str(port)]
        # A process of its own start: its event loop comes before everything that Django imports.
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, *arguments])


def check_free(host: str, port: int) -> None:
    """An address that is taken is said before anything starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
