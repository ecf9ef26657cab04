"""How access is withdrawn, and what a client then sees. For the tests of it."""

from collections.abc import Callable
from typing import Any

from django.test import Client as Browser

from rooms.features.bans import actions as bans
from rooms.features.members import management
from rooms.features.rooms import changes
from rooms.models import Membership, Room, User
from tests.support.sockets import Client

Withdraw = Callable[[User, Room], Any]


def kick(user: User, room: Room) -> None:
    management.remove_member(room.pk, user)


def put_out(user: User, room: Room) -> None:
    bans.ban(room.pk, user, None, "noise", staff=True)


def close_off(user: User, room: Room) -> None:
    Membership.objects.filter(room=room, user=user).delete()
    changes.change_room(room.pk, {"visibility": "private"})


def delete(user: User, room: Room) -> None:
    changes.delete_room(room.pk)


def unsubscribed(each: dict[str, Any]) -> bool:
    return each["type"] == "unsubscribed" and "id" not in each


def bodies(client: Client) -> list[str]:
    said = [each for each in client.seen if each["type"] == "message.created"]
    return [each["message"]["body"] for each in said]


def logged_in(user: User) -> Browser:
    client = Browser()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def cookie(client: Browser) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"
