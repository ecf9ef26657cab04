"""`manage.py doctor`: what is good, what is doubtful and what is wrong with this site, and what to
do about it, on one page."""

import json
import logging
import sys
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import module_has_submodule

from rooms.doctor import examination, findings, hiding, report


class Command(BaseCommand):
    help = (
        "Looks at everything that this site needs and says what is good, doubtful or wrong, and"
        " what to do. Ends with 0 where all is good, 1 where something is doubtful, 2 where"
        " something is wrong."
    )
    # They are among what it looks at.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--only", metavar="PROBE", action="append", help="may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        for app in apps.get_app_configs():
            if module_has_submodule(app.module, "doctor"):
                import_module(f"{app.name}.doctor.probes")
        # What libraries have to say of it stands in the findings.
        logging.disable(logging.CRITICAL)
        try:
            chosen = findings.registered()
            if options["only"]:
                if unknown := set(options["only"]) - {each.name for each in chosen}:
                    names = ", ".join(each.name for each in chosen)
                    raise CommandError(
                        f"No such probe: {', '.join(unknown)}. There are {names}.", returncode=2
                    )
                chosen = [each for each in chosen if each.name in options["only"]]
            found = report.without_secrets(examination.examine(chosen), hiding.secrets())
        finally:
            logging.disable(logging.NOTSET)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(found, settings.VERSION), indent=2))
        else:
            self.stdout.write(report.page(found, settings.VERSION))
        self.stdout.flush()
        sys.exit(int(report.level(found)))
