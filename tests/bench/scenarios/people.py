"""Users, rooms with members, tokens and sessions, thousands at a time.

`make` runs inside a process of the site; `settle` asks it to. Rows are written as an import would
write them: nobody listens yet, so no event has to tell of them.
"""

from datetime import timedelta
from typing import Any

from tests.support.site import Site

Headers = dict[str, str]


def settle(
    site: Site,
    rooms: dict[str, list[int]],
    *,
    private: bool = False,
    cookies: bool = False,
) -> dict[int, Headers]:
    """Rooms by slug with the numbers of their members; the headers by which each person comes."""
    found = site.ask(
        "from tests.bench.scenarios.people import make\n"
        f"result = make({rooms!r}, {private!r}, {cookies!r})"
    )
    return {int(number): headers for number, headers in found.items()}


def make(rooms: dict[str, list[int]], private: bool, cookies: bool) -> dict[int, Headers]:
    from django.db import transaction

    from rooms.models import Membership, Room, User

    numbers = sorted({number for members in rooms.values() for number in members})
    names = {number: f"member{number}" for number in numbers}
    visibility = Room.Visibility.PRIVATE if private else Room.Visibility.PUBLIC
    with transaction.atomic():
        # A password that nobody has, hashed by nobody.
        User.objects.bulk_create(
            [User(username=name, password=f"!{name}") for name in names.values()],
            ignore_conflicts=True,
            batch_size=500,
        )
        users = {user.username: user for user in User.objects.filter(username__startswith="member")}
        people = {number: users[name] for number, name in names.items()}
        made = Room.objects.bulk_create(
            [Room(slug=slug, name=slug, visibility=visibility) for slug in rooms], batch_size=500
        )
        Membership.objects.bulk_create(
            [
                Membership(room=room, user=people[number])
                for room in made
                for number in rooms[room.slug]
            ],
            batch_size=500,
        )
        return sessions(people) if cookies else tokens(people)


def tokens(people: dict[int, Any]) -> dict[int, Headers]:
    from django.utils import timezone

    from rooms.models import ApiToken

    secrets = {number: ApiToken.new_secret() for number in people}
    ApiToken.objects.bulk_create(
        [
            ApiToken(
                user=people[number],
                digest=ApiToken.digest_of(secret),
                password_stamp=people[number].password_stamp,
                used_at=timezone.now(),
            )
            for number, secret in secrets.items()
        ],
        batch_size=500,
    )
    return {number: {"Authorization": f"Bearer {secret}"} for number, secret in secrets.items()}


def sessions(people: dict[int, Any]) -> dict[int, Headers]:
    """As after logging in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    store: Any = SessionStore()
    rows, headers = [], {}
    for number, user in people.items():
        key = store._get_new_session_key()
        data = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        expires = timezone.now() + timedelta(days=14)
        rows.append(Session(session_key=key, session_data=store.encode(data), expire_date=expires))
        headers[number] = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}
    Session.objects.bulk_create(rows, batch_size=500)
    return headers
