"""`manage.py token USERNAME`: a new API token for a program that acts as that user."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rooms.features.tokens.actions import DEFAULT_DAYS, create_token
from rooms.models import User
from rooms.protocol import Refusal
from rooms.protocol.scopes import Scope
from rooms.text import graphemes

NAME_CHARACTERS = 80


class Command(BaseCommand):
    help = "Makes an API token and prints it. It cannot be shown again: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="token", help="what it is for, shown in lists")
        parser.add_argument(
            "--scopes", default=",".join(Scope), help=f"some of {','.join(Scope)}; default: all"
        )
        parser.add_argument(
            "--days", default=str(DEFAULT_DAYS), help="how long it lasts, or `never`; default: 90"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}.")
        try:
            days = None if options["days"] == "never" else int(options["days"])
        except ValueError:
            raise CommandError("--days is a number, or `never`.") from None
        names = [name.strip() for name in options["scopes"].split(",") if name.strip()]
        try:
            name = graphemes.cut(options["name"], NAME_CHARACTERS)
            self.stdout.write(create_token(user, name, names, days))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
