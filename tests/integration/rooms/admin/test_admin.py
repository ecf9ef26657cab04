"""The admin: what would break a log is read-only, and what is changed is told to the room."""

import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from rooms.core import credentials
from rooms.features.files import actions as files
from rooms.features.messages import actions as messages
from rooms.features.rooms import actions as room_actions
from rooms.features.tokens import actions as tokens
from rooms.models import ApiToken, Ban, Event, Membership, Message, Room, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff() -> Client:
    user = User.objects.create_superuser("root", "root@example.org", "root-password-1")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def said(alice: User, lobby: Room) -> Message:
    messages.post_message(messages.Post(alice, "lobby", "Hello \u202e <script>alert(1)</script>"))
    files.attach(lobby, alice, "report.txt", "text/plain", ContentFile(b"report"))
    tokens.create_token(alice, "bot")
    return Message.objects.get()


MODELS = [
    "rooms_room",
    "rooms_message",
    "rooms_event",
    "rooms_attachment",
    "rooms_user",
    "rooms_apitoken",
    "auth_group",
    "account_emailaddress",
]


def types(room: Room) -> list[str]:
    return list(Event.objects.filter(room=room).order_by("seq").values_list("type", flat=True))


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_searches(staff: Client, said: Message, model: str) -> None:
    for query in ("", "?q=1", "?q=nobody", "?q=%00", "?e=1"):
        answer = staff.get(reverse(f"admin:{model}_changelist") + query, follow=True)
        assert answer.status_code == 200
        assert b"<script>alert(1)" not in answer.content


@pytest.mark.parametrize("model", MODELS)
def test_every_row_opens(staff: Client, said: Message, model: str) -> None:
    page = staff.get(reverse(f"admin:{model}_changelist")).content.decode()
    paths = set(re.findall(rf'href="(/admin/{model.replace("_", "/")}/[^/"]+/change/)', page))
    assert paths or not model.startswith("rooms_")
    for path in paths:
        answer = staff.get(path)
        assert answer.status_code == 200
        assert b"<script>alert(1)" not in answer.content


def test_the_front_page_opens(staff: Client) -> None:
    assert staff.get("/admin/").status_code == 200


def test_strangers_log_in_where_everybody_does(alice: User) -> None:
    answer = Client().get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    client = Client()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("model", ["rooms_message", "rooms_event", "rooms_attachment"])
def test_what_was_said_is_read_only(staff: Client, said: Message, model: str) -> None:
    from django.apps import apps

    row = apps.get_model(model.replace("_", ".", 1)).objects.first()
    assert staff.get(reverse(f"admin:{model}_add")).status_code == 403
    assert staff.post(reverse(f"admin:{model}_change", args=[row.pk]), {}).status_code == 403
    assert staff.post(reverse(f"admin:{model}_delete", args=[row.pk]), {}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


def test_users_are_not_deleted(staff: Client, said: Message) -> None:
    path = reverse("admin:rooms_user_delete", args=[User.objects.all()[0].pk])
    assert staff.post(path, {"post": "yes"}).status_code == 403


def test_a_message_is_found_by_its_id_or_its_authors_name(
    staff: Client, said: Message, bob: User
) -> None:
    path = reverse("admin:rooms_message_changelist")
    link = reverse("admin:rooms_message_change", args=[said.pk])
    assert link in staff.get(path, {"q": said.pk}).content.decode()
    assert link in staff.get(path, {"q": "alice"}).content.decode()
    assert link not in staff.get(path, {"q": said.pk + 1}).content.decode()
    assert link not in staff.get(path, {"q": "ali"}).content.decode()


@pytest.mark.parametrize("model", ["rooms_message", "rooms_event", "rooms_room"])
def test_lists_take_the_same_queries_for_any_number_of_rows(
    staff: Client,
    said: Message,
    alice: User,
    lobby: Room,
    den: Room,
    model: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    path = reverse(f"admin:{model}_changelist")
    staff.get(path)
    with CaptureQueriesContext(connection) as before:
        staff.get(path)
    messages.post_messages([messages.Post(alice, "den", str(number)) for number in range(20)])
    for number in range(5):
        room_actions.create_room(alice, f"more-{number}", "More")
    with django_assert_max_num_queries(len(before)):
        staff.get(path)


def test_makes_a_room(staff: Client) -> None:
    new = {"name": "Plans", "slug": "plans", "topic": "", "visibility": "private"}
    answer = staff.post(reverse("admin:rooms_room_add"), new)
    assert answer.status_code == 302
    room = Room.objects.get()
    assert room.created_by is not None
    assert (room.slug, room.created_by.username) == ("plans", "root")
    assert types(room) == ["member.joined"]
    assert staff.post(reverse("admin:rooms_room_add"), new).status_code == 200, "the slug is taken"
    new = {**new, "slug": "Not a slug"}
    assert staff.post(reverse("admin:rooms_room_add"), new).status_code == 200
    assert Room.objects.count() == 1


def form(room: Room, **changed: object) -> dict[str, Any]:
    """What the page of a room sends."""
    members = list(room.memberships.order_by("pk"))
    fields: dict[str, object] = {
        "name": room.name,
        "topic": room.topic,
        "visibility": room.visibility,
        "who_posts": room.who_posts,
        "slow_mode_seconds": room.slow_mode_seconds,
    }
    fields |= {
        "memberships-TOTAL_FORMS": len(members),
        "memberships-INITIAL_FORMS": len(members),
    }
    for index, member in enumerate(members):
        fields[f"memberships-{index}-id"] = member.pk
        fields[f"memberships-{index}-room"] = room.pk
        fields[f"memberships-{index}-role"] = member.role
    return {**fields, **changed}


def save(staff: Client, room: Room, **changed: object) -> None:
    answer = staff.post(reverse("admin:rooms_room_change", args=[room.pk]), form(room, **changed))
    assert answer.status_code == 302, re.findall("errorlist.*?</ul>", answer.content.decode())
    room.refresh_from_db()


def test_changes_a_room_and_tells_it(staff: Client, lobby: Room) -> None:
    before = types(lobby)
    save(staff, lobby)
    assert types(lobby) == before, "saving what is there tells nobody"
    save(staff, lobby, name="The lobby", archived="on", slug="other")
    assert types(lobby) == [*before, "room.changed"]
    assert (lobby.name, lobby.slug, lobby.archived_at is not None) == ("The lobby", "lobby", True)
    save(staff, lobby)
    assert types(lobby)[-1] == "room.changed"
    assert lobby.archived_at is None
    assert lobby.last_seq == len(types(lobby))


def test_changes_members_and_tells_the_room(
    staff: Client, lobby: Room, bob: User, charlie: User
) -> None:
    before = types(lobby)
    save(
        staff,
        lobby,
        **{
            "memberships-TOTAL_FORMS": 3,
            "memberships-2-user": charlie.pk,
            "memberships-2-role": "moderator",
        },
    )
    assert types(lobby) == [*before, "member.joined"]
    assert Membership.objects.get(user=charlie).role == "moderator"
    save(staff, lobby, **{"memberships-1-role": "owner", "memberships-1-user": charlie.pk})
    assert types(lobby) == [*before, "member.joined", "member.changed"]
    assert Membership.objects.get(user=bob).role == "owner"
    save(staff, lobby, **{"memberships-1-DELETE": "on"})
    assert types(lobby) == [*before, "member.joined", "member.changed", "member.left"]
    assert not Membership.objects.filter(user=bob).exists()


def test_a_token_is_listed_and_revoked_and_nobody_makes_one_for_others(
    staff: Client, alice: User
) -> None:
    secret = tokens.create_token(alice, "bot")
    row = ApiToken.objects.get()
    assert staff.get(reverse("admin:rooms_apitoken_add")).status_code == 403
    new = {"user": alice.pk, "name": "bot"}
    assert staff.post(reverse("admin:rooms_apitoken_add"), new).status_code == 403
    for path in ("rooms_apitoken_changelist", "rooms_apitoken_change"):
        arguments = [row.pk] if path.endswith("_change") else []
        page = staff.get(reverse(f"admin:{path}", args=arguments)).content.decode()
        assert secret not in page and row.digest not in page
    path = reverse("admin:rooms_apitoken_delete", args=[row.pk])
    assert staff.post(path, {"post": "yes"}).status_code == 302
    assert credentials.by_token(secret) is None


def test_makes_a_user_who_can_log_in(staff: Client) -> None:
    new = {
        "username": "dora",
        "usable_password": "true",
        "password1": "a long password 1",
        "password2": "a long password 1",
    }
    assert staff.post(reverse("admin:rooms_user_add"), new).status_code == 302
    login = {"login": "dora", "password": "a long password 1"}
    assert Client().post("/accounts/login/", login).status_code == 302
    dora = User.objects.get(username="dora")
    path = reverse("admin:auth_user_password_change", args=[dora.pk])
    new = {"password1": "another password 2", "password2": "another password 2"}
    assert staff.post(path, {**new, "usable_password": "true"}).status_code == 302
    dora.refresh_from_db()
    assert dora.check_password("another password 2")


def test_deletes_a_room_with_what_was_said(
    staff: Client, said: Message, lobby: Room, den: Room
) -> None:
    path = reverse("admin:rooms_room_delete", args=[lobby.pk])
    assert b"1 messages" in staff.get(path).content
    assert staff.post(path, {"post": "yes"}).status_code == 302
    assert list(Room.objects.values_list("slug", flat=True)) == ["den"]
    assert not Message.objects.exists()


def test_bans_and_lifts_the_ban(staff: Client, alice: User, bob: User, lobby: Room) -> None:
    new = {"room": lobby.pk, "user": bob.pk, "reason": "noise"}
    assert staff.post(reverse("admin:rooms_ban_add"), new).status_code == 302
    ban = Ban.objects.get()
    assert ban.by is not None
    assert (ban.user, ban.by.username, ban.reason) == (bob, "root", "noise")
    assert not Membership.objects.filter(user=bob).exists()
    assert b"noise" in staff.get(reverse("admin:rooms_ban_changelist")).content
    assert staff.post(reverse("admin:rooms_ban_delete", args=[ban.pk]), {"post": "yes"})
    assert not Ban.objects.exists()
    page = staff.post(reverse("admin:rooms_ban_add"), {**new, "user": alice.pk}, follow=True)
    assert b"would have no owner" in page.content
    assert Membership.objects.filter(user=alice).exists() and not Ban.objects.exists()
