"""`manage.py invite [EMAIL]`: a link with which one person can make an account."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rooms.features.accounts import invitations
from rooms.protocol import Refusal


class Command(BaseCommand):
    help = "Prints a link with which one person can make an account, once, until it runs out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", default="", help="the invited person's address")
        parser.add_argument("--days", type=int, default=invitations.DEFAULT_DAYS)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, link = invitations.create(None, options["email"], options["days"])
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(link)
