"""What a test that commits leaves to the next one."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from tests.support.emptying import TEARDOWN

pytestmark = pytest.mark.django_db(transaction=True)


class Case(TransactionTestCase):
    databases = {"default"}


def filled() -> set[str]:
    with connection.cursor() as cursor:
        found = set()
        for name in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(name)} LIMIT 1")
            if cursor.fetchone():
                found.add(name)
        return found


def test_nothing_but_what_migrations_made(lobby: Any) -> None:
    before = (set(Permission.objects.values_list()), set(ContentType.objects.values_list()))
    assert {"rooms_room", "rooms_event", "rooms_user"} <= filled()
    getattr(Case("__init__"), TEARDOWN)()
    assert filled() == {"django_content_type", "auth_permission"}
    after = (set(Permission.objects.values_list()), set(ContentType.objects.values_list()))
    assert after == before and all(before)
