"""`manage.py serve`: the web server, with the live core on its event loop."""

import os
import shutil
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rooms.limits import limits
from rooms.live.serving.listen_socket import listen


class Command(BaseCommand):
    help = (
        "Serve pages, REST and sockets. A process that dies or stands still is started again, and"
        " SIGHUP renews it; with --processes, several share one address."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--processes", type=int, default=settings.PROCESSES)

    def handle(self, *args: Any, host: str, port: int, processes: int, **options: Any) -> None:
        if processes < 1:
            raise CommandError("--processes must be at least 1.")
        check_free(host, port)
        arguments = ["--host", host, "--port", str(port)]
        arguments += ["--processes", str(processes)]
        arguments += ["--drain-seconds", str(limits().drain_seconds)]
        arguments += ["--silence-seconds", str(limits().silence_seconds)]
        arguments = ["-m", "rooms.live.serving.supervisor", *arguments]
        # Before `prometheus_client` is imported: that is when it looks.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(fresh_folder_for_numbers(port)))
        # A process of its own start: its event loop comes before everything that Django imports.
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, *arguments])


def check_free(host: str, port: int) -> None:
    """An address that is taken is said before anything starts."""
    try:
        listen(host, port).close()
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(f"Cannot listen on {host}:{port}: {reason}.") from None


def fresh_folder_for_numbers(port: int) -> Path:
    """Where the processes that share an address keep what they count. The data directory may be
    shared by machines, and what is left from the last time is not of this one."""
    folder = Path(settings.DATA_DIR) / "metrics" / f"{socket.gethostname()}-{port}"
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    return folder
