"""Staff with one permission stay staff with one permission."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from rooms.models import ApiToken, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_superuser("ana", "ana@example.org", "ana-password-1")


def staff(*names: str) -> tuple[User, Client]:
    user = User.objects.create_user("sam", "sam@example.org", "sam-password-1", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return user, client


def test_nobody_makes_a_token_for_somebody_else(ana: User) -> None:
    _, client = staff("add_apitoken", "view_apitoken", "change_apitoken", "view_user")
    path = reverse("admin:rooms_apitoken_add")
    assert client.get(path).status_code == 403
    assert client.post(path, {"user": ana.pk, "name": "x"}).status_code == 403
    assert not ApiToken.objects.exists()


def test_who_may_change_users_changes_no_staff(ana: User) -> None:
    _, client = staff("change_user", "view_user")
    change = reverse("admin:rooms_user_change", args=[ana.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"username": "ana", "email": "sam@x.org"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[ana.pk])
    form: dict[str, Any] = {"usable_password": "true", "set-password": "x"}
    form |= {"password1": "new-secret-77", "password2": "new-secret-77"}
    assert client.post(password, form).status_code == 403
    assert User.objects.get(pk=ana.pk).check_password("ana-password-1")


def test_who_may_change_users_gives_nobody_rights(alice: User) -> None:
    sam, client = staff("change_user", "view_user")
    for user in (alice, sam):
        form = {"username": user.username, "is_active": "on", "is_staff": "on"}
        form |= {"is_superuser": "on", "user_permissions": "1", "first_name": "New"}
        form |= {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
        client.post(reverse("admin:rooms_user_change", args=[user.pk]), form)
    alice.refresh_from_db()
    sam.refresh_from_db()
    assert alice.first_name == "New"
    assert not alice.is_staff and not alice.is_superuser and not sam.is_superuser
    assert not alice.user_permissions.exists() and sam.user_permissions.count() == 2


def test_only_superusers_write_groups_and_addresses(ana: User, alice: User) -> None:
    sam, client = staff("change_group", "add_group", "add_emailaddress", "change_emailaddress")
    group = Group.objects.create(name="keepers")
    sam.groups.add(group)
    permission = Permission.objects.get(codename="delete_room").pk
    for path in (
        reverse("admin:auth_group_add"),
        reverse("admin:auth_group_change", args=[group.pk]),
    ):
        form = {"name": "keepers", "permissions": permission}
        assert client.post(path, form).status_code in (302, 403)
    assert not group.permissions.exists() and Group.objects.count() == 1
    form = {"user": ana.pk, "email": "sam@example.org", "verified": "on"}
    assert client.post(reverse("admin:account_emailaddress_add"), form).status_code == 403
    assert not EmailAddress.objects.exists()
    root = Client()
    root.force_login(ana, "allauth.account.auth_backends.AuthenticationBackend")
    form = {"user": alice.pk, "email": "alice@example.org", "verified": "on"}
    assert root.post(reverse("admin:account_emailaddress_add"), form).status_code == 302
