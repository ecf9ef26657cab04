"""`manage.py sweep`: brings up due jobs and takes back lost ones every two seconds, until stopped.

Each worker starts one beside itself (`config.celery`), so that no job waits for a busy worker to be
swept; several at once do no harm. By hand only where no worker runs.
"""

import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs.loops.lane import Lane
from jobs.tasks import messages_waiting, send_canaries


class Command(BaseCommand):
    help = "Bring up due jobs and take back lost ones until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--parent",
            type=int,
            help="end without this parent, which says on standard input which of its have ended",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lane = Lane(messages_waiting, options["parent"], send_canaries)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: lane.stop())
        if options["parent"]:
            threading.Thread(target=lane.hear, args=(sys.stdin,), daemon=True).start()
        lane.run()
