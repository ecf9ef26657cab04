"""`manage.py policy`: write down who may do what."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rooms.contract import permissions


class Command(BaseCommand):
    help = "Makes docs/who-may-what.md of the rules that decide."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether it is current")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        for path, text in permissions.files(Path(settings.BASE_DIR) / "docs").items():
            if path.exists() and path.read_text() == text:
                continue
            if check:
                raise CommandError(f"Not current: {path.name}. `manage.py policy` writes it anew.")
            path.write_text(text)
            self.stdout.write(f"Wrote {path.name}.")
