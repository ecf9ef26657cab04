"""Staff who look at jobs."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client


@pytest.fixture
def staff(alice: Any) -> Client:
    """May do everything."""
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def staff_who_may(bob: Any) -> Any:
    """Bob's browser, with the permissions that are named."""

    def with_permissions(*codenames: str) -> Client:
        bob.is_staff = True
        bob.save()
        bob.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = Client()
        client.force_login(bob)
        return client

    return with_permissions
