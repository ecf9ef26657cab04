"""A small demo for a first look: two people, a few rooms, a short conversation in each.

Loaded by the `demo` command into an empty database only. The password is random and kept in the
data directory, so that a demo that is reachable from elsewhere has no password that is known.
"""

import os
import secrets
import uuid
from dataclasses import dataclass

from django.conf import settings

from .core import slash
from .features.members.actions import join
from .features.messages.actions import Post, post_message
from .features.rooms.actions import create_room
from .models import Membership, Room, User
from .protocol import Refusal

# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Login:
    username: str
    password: str
    can: str


@dataclass(frozen=True)
class Remark:
    """A line of a conversation; `answers` counts back to the line that it replies to."""

    who: str
    body: str
    answers: int = 0


@dataclass(frozen=True)
class DemoRoom:
    slug: str
    name: str
    topic: str
    visibility: str
    conversation: list[Remark]


PEOPLE = {"ana": ("Ana", "Ribeiro"), "ben": ("Ben", "Okafor")}
CAN = {"ana": "also administers, at /admin/", "ben": "a member"}

ROOMS = [
    DemoRoom(
        "lobby",
        "Lobby",
        "Come in. Everybody reads along here.",
        Room.Visibility.PUBLIC,
        [
            Remark("ana", "Good morning! Coffee is on, and the build is green."),
            Remark("ben", "Both at once? That has not happened since *March*."),
            Remark("ana", "Enjoy it while it lasts. Who looks at the tide gauges today?"),
            Remark(
                "ben", "I do. The numbers come into **Tide gauges** when the run is through.", 1
            ),
        ],
    ),
    DemoRoom(
        "tide-gauges",
        "Tide gauges",
        "Nightly runs, their results, and what to make of them",
        Room.Visibility.PUBLIC,
        [
            Remark("ben", "Last night's run stopped at station 14: `timeout after 30 s`."),
            Remark("ana", "Is the station down, or only the line?"),
            Remark("ben", "The line. It answers again, I have read it by hand:", 1),
            Remark(
                "ben",
                "```\nstation  level   since\n14       1.82 m  06:10\n15       1.79 m  06:10\n```",
            ),
            Remark(
                "ana", "Within 3 cm of its neighbour, good. Then let us see how busy we were here."
            ),
            Remark("ana", "/job room.report"),
        ],
    ),
    DemoRoom(
        "release-2-4",
        "Release 2.4",
        "Ships on Thursday",
        Room.Visibility.PRIVATE,
        [
            Remark(
                "ana",
                "What is left:\n\n- the import of old stations\n- release notes\n- one last export",
            ),
            Remark("ben", "The import is done; the notes are half a page so far."),
            Remark("ana", "Half a page is what people read. Keep it.", 1),
            Remark("ben", "Then all that is left is Thursday."),
        ],
    ),
]


def is_wanted() -> bool:
    """Whether nobody has used this database yet."""
    return not User.objects.exists() and not Room.objects.exists()


def load() -> None:
    password = "".join(secrets.choice(ALPHABET) for _ in range(8))
    _keep(password)
    people = {
        username: User.objects.create_user(
            username,
            f"{username}@example.com",
            password,
            first_name=first,
            last_name=last,
            is_staff=username == "ana",
            is_superuser=username == "ana",
        )
        for username, (first, last) in PEOPLE.items()
    }
    for each in ROOMS:
        room = create_room(people["ana"], each.slug, each.name, each.topic, Room.Visibility.PUBLIC)
        join(people["ben"], each.slug, Membership.Role.MEMBER)
        if each.slug == "lobby":
            Room.objects.filter(pk=room.pk).update(is_default=True)
        if each.visibility != Room.Visibility.PUBLIC:
            Room.objects.filter(pk=room.pk).update(visibility=each.visibility)
        _talk(each.slug, people, each.conversation)


def _talk(room: str, people: dict[str, User], conversation: list[Remark]) -> None:
    said: list[int | None] = []
    for line in conversation:
        author = people[line.who]
        if line.body.startswith("/"):
            _command(author, room, line.body)
            continue
        answers = said[-line.answers] if line.answers else None
        message = post_message(Post(author, room, line.body, reply_to=answers))
        said.append(int(str(message["id"])))


def _command(author: User, room: str, body: str) -> None:
    """A slash command of another app; a demo without that app has one line less."""
    try:
        found = slash.parse(body)
        if found is not None:
            command, arguments = found
            command.handler(author, room, arguments, uuid.uuid4())
    except Refusal:
        pass


def _password_file() -> str:
    return str(settings.DATA_DIR / "demo_password")


def _keep(password: str) -> None:
    with open(os.open(_password_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password)


def logins() -> list[Login]:
    """The demo's people who can still log in with the password that was made for them."""
    try:
        with open(_password_file()) as file:
            password = file.read().strip()
    except OSError:
        return []
    people = User.objects.filter(username__in=PEOPLE, is_active=True).order_by("username")
    return [
        Login(user.username, password, CAN[user.username])
        for user in people
        if user.check_password(password)
    ]
