"""`manage.py setup`: the beginning of a real site. An administrator, the room that newcomers come
into, and a link for the first of them."""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.text import slugify

from rooms.core import secret_files
from rooms.features.accounts import invitations
from rooms.features.accounts import policy as account_policy
from rooms.features.rooms import actions, changes
from rooms.http import site_address
from rooms.models import Room, User
from rooms.protocol import Refusal

PASSWORD_VARIABLE = "PARLEY_SETUP_PASSWORD"
TOPIC = "Everybody is here"


class Command(BaseCommand):
    help = (
        "Begins a site: makes its first administrator, a room in which newcomers find themselves,"
        " and, where people are invited, a link for the first of them. Asks for what is not given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", help="of the administrator")
        parser.add_argument("--name", help="what other people read; else the username")
        parser.add_argument("--email", help="of the administrator; may be empty")
        parser.add_argument("--room", help="the name of the first room; else Lobby")
        parser.add_argument(
            "--no-input",
            action="store_true",
            help=f"ask nothing; the password is in {PASSWORD_VARIABLE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if there := User.objects.filter(is_superuser=True).first():
            raise CommandError(
                f"The site has an administrator already: {there.username}."
                " `manage.py createsuperuser` makes another."
            )
        asks = not options["no_input"]
        user = User(is_staff=True, is_superuser=True)
        user.username = self._given(options["username"], asks, "Username")
        user.first_name = self._given(options["name"], asks, "Your name (empty: the username)")
        user.email = self._given(options["email"], asks, "E-mail (may stay empty)")
        name = self._given(options["room"], asks, "First room (empty: Lobby)") or "Lobby"
        try:
            user.full_clean(exclude=["password"])
            user.set_password(_password(user, asks))
            with transaction.atomic():
                user.save()
                room = _first_room(user, name)
        except ValidationError as error:
            raise CommandError("\n".join(_lines(error))) from None
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        self._tell(user, room)

    def _given(self, value: str | None, asks: bool, question: str) -> str:
        if value is None and asks:
            value = input(f"{question}: ")
        return (value or "").strip()

    def _tell(self, user: User, room: Room) -> None:
        lines = [
            f"{user.username} administers this site. Log in at {site_address.base()}/",
            f"Newcomers come into {room.name}; other rooms for them: Room settings, Default room.",
        ]
        if account_policy.signup() in account_policy.INVITED:
            _, link = invitations.create(user)
            lines += [
                f"The first invitation, for one person, good for {invitations.DEFAULT_DAYS} days:",
                f"  {link}",
                "More of them: `manage.py invite [EMAIL]`, or Invitations in the admin.",
            ]
        if account_policy.signup() == account_policy.OPEN:
            lines.append("Anybody who comes may make an account (PARLEY_SIGNUP says who may).")
        if not settings.SENDS_MAIL:
            lines.append("No e-mail is sent until EMAIL_URL is set.")
        for line in lines:
            self.stdout.write(line)


def _password(user: User, asks: bool) -> str:
    if not asks:
        try:
            password = secret_files.line(PASSWORD_VARIABLE, os.environ)
        except secret_files.BadSecretFile as error:
            raise CommandError(str(error)) from None
        password = password or os.environ.get(PASSWORD_VARIABLE, "")
        if not password:
            raise CommandError(f"{PASSWORD_VARIABLE} is empty.")
    else:
        password = getpass("Password: ")
        if getpass("Password again: ") != password:
            raise CommandError("The passwords are not the same.")
    validate_password(password, user)
    return password


def _first_room(user: User, name: str) -> Room:
    """The one of this name, where somebody has been quicker; else a new one."""
    room = Room.objects.filter(slug=slugify(name), visibility=Room.Visibility.PUBLIC).first()
    if room is None:
        room = actions.create_room_for(user, name, TOPIC)
    changes.change_room(room.pk, {"default": True})
    return room


def _lines(error: ValidationError) -> list[str]:
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    told = error.message_dict
    return [f"{field}: {words}" for field, all_words in told.items() for words in all_words]
