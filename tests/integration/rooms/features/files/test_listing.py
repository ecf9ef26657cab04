"""The list of a room's files: what is in it, who reads it, what it costs."""

from pathlib import Path
from typing import Any, cast

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rooms.features.files import uploads
from rooms.features.messages.actions import Post, post_message
from rooms.features.messages.deletion import delete_message
from rooms.models import Attachment, Ban, Room, User
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def send(user: User, *names: str, slug: str = "lobby") -> int:
    files = [uploads.upload(user, slug, name, ContentFile(b"hello")) for name in names]
    said = post_message(Post(user, slug, "", files=tuple(each.pk for each in files)))
    return cast(int, said["id"])


def names(page: dict[str, Any]) -> list[str]:
    return [each["file"]["name"] for each in page["files"]]


def test_what_was_sent_and_is_there(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    first = send(alice, "one.txt")
    gone = send(bob, "gone.txt")
    send(bob, "same.txt", "same.txt", "other.txt")
    send(alice, "secret.txt", slug="den")
    uploads.upload(alice, "lobby", "waits.txt", ContentFile(b"hello"))
    delete_message(bob, "lobby", gone)
    page = caller(charlie).get("rooms/lobby/files").data
    assert sorted(names(page)[:3]) == ["other.txt", "same.txt", "same.txt"]
    assert names(page)[3:] == ["one.txt"]
    assert page["files"][3]["message"]["id"] == first
    assert page["files"][3]["author"]["name"] == "Alice"
    seen: list[str] = []
    path = "rooms/lobby/files?limit=1"
    while path:
        page = caller(bob).get(path).data
        seen += [each["file"]["id"] for each in page["files"]]
        path = page["next"]
    assert len(seen) == len(set(seen)) == 4
    assert caller(charlie).get("rooms/den/files").status_code == 404
    Ban.objects.create(room=lobby, user=charlie)
    assert caller(charlie).get("rooms/lobby/files").status_code == 404
    for cursor in ("x", "WzEsInkiXQ"):
        assert caller(bob).get("rooms/lobby/files", cursor=cursor).status_code == 422


def test_it_costs_the_same_for_any_number(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    send(alice, "one.txt", "two.txt")
    bobs = caller(bob)
    bobs.get("rooms/lobby/files")
    with CaptureQueriesContext(connection) as few:
        bobs.get("rooms/lobby/files")
    for number in range(10):
        send(alice, f"{number}.txt")
    with CaptureQueriesContext(connection) as many:
        assert len(names(bobs.get("rooms/lobby/files").data)) == 12
    assert len(many) == len(few)


def test_a_page_is_found_by_its_index(alice: User, lobby: Room) -> None:
    message = send(alice, "one.txt")
    rows = [
        Attachment(room=lobby, message_id=message, name=f"{number}", content_type="x/y", size=1)
        for number in range(3_000)
    ]
    Attachment.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found = Attachment.objects.filter(room=lobby, message__isnull=False)
    plan = found.filter(message__lte=message).order_by("-message", "id")[:51].explain()
    assert "files_of_room" in plan or connection.vendor == "postgresql", plan
