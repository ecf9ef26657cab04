"""`manage.py asyncapi`: write the documents of the socket's protocol."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rooms.contract import protocol_page


class Command(BaseCommand):
    help = "Makes docs/asyncapi.json and the tables of docs/protocol.md of the protocol's types."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say whether they are current"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        docs = Path(settings.BASE_DIR) / "docs"
        stale = []
        for path, text in protocol_page.files(docs).items():
            if path.exists() and path.read_text() == text:
                continue
            stale.append(path.name)
            if not check:
                path.write_text(text)
                self.stdout.write(f"Wrote {path.name}.")
        if check and stale:
            raise CommandError(
                f"Not current: {', '.join(stale)}. `manage.py asyncapi` writes them anew."
            )
