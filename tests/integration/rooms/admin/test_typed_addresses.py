"""Whatever somebody of the staff types into an address of the admin is no fault of the server."""

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Room, User

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = ["jobs_job", "rooms_room", "rooms_ban", "rooms_message", "account_emailaddress"]
FILTERS = [
    "created_at__year=99999999999",
    "id__exact=99999999999999999999999",
    "state__exact=%00",
    "room__id__exact=abc",
    "p=99999999999999999999",
]
FILLED_IN = ["user=abc&room=abc&until=9999-99-99", "kind=room.report&room=abc"]


@pytest.fixture
def staff() -> Client:
    user = User.objects.create_superuser("root", "root@example.org", "root-password-1")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("model", MODELS)
def test_any_filter_of_a_list(model: str, staff: Client, lobby: Room) -> None:
    for filter in FILTERS:
        answer = staff.get(reverse(f"admin:{model}_changelist") + f"?{filter}")
        assert answer.status_code in (200, 302, 400), filter


@pytest.mark.parametrize("model", MODELS)
def test_any_id_of_a_row_and_anything_filled_in(model: str, staff: Client) -> None:
    for key in ("abc", "9" * 30):
        path = f"/admin/{model.replace('_', '/', 1)}/{key}/change/"
        assert staff.get(path).status_code in (302, 404), path
    for filled_in in FILLED_IN:
        answer = staff.get(reverse(f"admin:{model}_add") + f"?{filled_in}")
        assert answer.status_code in (200, 403), filled_in


def test_what_the_field_takes_is_filled_in(staff: Client, lobby: Room, alice: User) -> None:
    page = staff.get(reverse("admin:rooms_ban_add") + f"?room={lobby.pk}&user={alice.pk}&until=x")
    assert page.context["adminform"].form.initial == {"room": str(lobby.pk), "user": str(alice.pk)}


def test_a_search_has_few_conditions(staff: Client, lobby: Room) -> None:
    """Each word is one for every row: thousands of them kept a database busy for minutes."""
    page = staff.get(reverse("admin:rooms_room_changelist"), {"q": "lobby " * 1_000})
    assert page.status_code == 200
    assert str(page.context["cl"].queryset.query).upper().count(" LIKE ") <= 32
    assert [room.slug for room in page.context["cl"].result_list] == ["lobby"]
