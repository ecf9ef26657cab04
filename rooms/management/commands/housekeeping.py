"""`manage.py housekeeping`: sweep away what nobody asks for any more. Beat does it once an hour."""

from typing import Any

from django.core.management.base import BaseCommand

from rooms.core import housekeeping
from rooms.database import signs_of_life


class Command(BaseCommand):
    help = "Deletes expired sessions, ended tokens and invitations, and whatever else has run out."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, number in housekeeping.run().items():
            self.stdout.write(f"{name}: {number}")
        signs_of_life.give(signs_of_life.HOUSEKEEPING)
