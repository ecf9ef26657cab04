"""`manage.py restored`: the database was put back to an earlier state, by a backup or by a standby
that was behind. Positions that clients know are of another history from now on.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rooms.core import bell, installation


class Command(BaseCommand):
    help = (
        "Says that the database was put back to an earlier state: everybody loads their rooms anew."
        " With --new-installation it is a copy that goes its own way, for example for tests."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--new-installation",
            action="store_true",
            help="give it a name of its own in Redis; stop its web processes and workers before",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = installation.replace(new_identity=options["new_installation"])
        bell.epoch()
        self.stdout.write(f"Installation {now.identity}, epoch {now.epoch}.")
