"""`manage.py demo`: the small demo that `up` loads into an empty database."""

from typing import Any

from django.core.management.base import BaseCommand

from rooms import demo


class Command(BaseCommand):
    help = "Loads two people and a few rooms. Does nothing when any user or room is there."

    def handle(self, *args: Any, **options: Any) -> None:
        if not demo.is_wanted():
            self.stdout.write("There are users or rooms already: the demo was not loaded.")
            return
        demo.load()
        for login in demo.logins():
            self.stdout.write(f"{login.username}: {login.password} ({login.can})")
