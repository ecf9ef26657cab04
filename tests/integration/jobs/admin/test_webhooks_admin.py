"""Webhooks in the admin: seen, switched off and on, deleted."""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job, State, Webhook
from jobs.webhooks import actions
from jobs.webhooks.actions import NewWebhook
from rooms.models import Room, User

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:jobs_webhook_changelist")


@pytest.fixture
def row(alice: User, lobby: Room) -> Webhook:
    return actions.make(alice, NewWebhook("https://example.com/hook", "room", "lobby"))


def test_the_list_and_one_of_them(staff: Client, row: Webhook, alice: User) -> None:
    delivery = actions.try_out(alice, row.pk)
    Job.objects.filter(pk=delivery.pk).update(state=State.FAILED)
    listed = staff.get(LIST).content.decode()
    assert "https://example.com/hook" in listed
    assert "q=jobs.webhook&amp;state__exact=failed" in listed
    page = staff.get(reverse("admin:jobs_webhook_change", args=[row.pk])).content.decode()
    assert "https://example.com/hook" in page
    assert row.secret not in page and row.secret not in listed


def test_switching(staff: Client, row: Webhook) -> None:
    for action, off in (("switch_off", True), ("switch_on", False)):
        staff.post(LIST, {"action": action, "_selected_action": [row.pk]})
        row.refresh_from_db()
        assert (row.disabled_at is not None) is off


def test_deleting(staff: Client, row: Webhook) -> None:
    staff.post(reverse("admin:jobs_webhook_delete", args=[row.pk]), {"post": "yes"})
    assert not Webhook.objects.exists()


def test_none_is_made_here(staff: Client) -> None:
    assert staff.get(reverse("admin:jobs_webhook_add")).status_code == 403
