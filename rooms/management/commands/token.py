"""`manage.py token USERNAME`: a new API token for a program that acts as that user."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rooms.core import graphemes
from rooms.features.tokens import actions as tokens
from rooms.models import User
from rooms.protocol import Refusal

NAME_CHARACTERS = 80


class Command(BaseCommand):
    help = "Makes an API token and prints it. It cannot be shown again: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="token", help="what it is for, shown in lists")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']!r}.")
        try:
            secret = tokens.create_token(user, graphemes.cut(options["name"], NAME_CHARACTERS))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(secret)
