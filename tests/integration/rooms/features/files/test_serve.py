"""Files on their way out: who gets them, and what a browser is told to do with them."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import AsyncClient, Client

from rooms.features.files import actions as files
from rooms.features.files.serve import CHUNK_BYTES
from rooms.features.tokens import actions as tokens
from rooms.models import Attachment, Room, User

pytestmark = pytest.mark.django_db(transaction=True)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def attach(
    room: Room | None, owner: User, name: str, content_type: str, content: bytes
) -> Attachment:
    return files.attach(room, owner, name, content_type, ContentFile(content))


def get(user: User | None, file: Attachment, name: str | None = None, query: str = "") -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    answer: Any = client.get(f"/attachments/{file.pk}/{name or file.name}{query}")
    if answer.streaming:
        answer.body = b"".join(answer.streaming_content)
        answer.close()
    return answer


def test_members_get_a_file_and_strangers_learn_nothing(
    alice: User, bob: User, charlie: User, den: Room
) -> None:
    file = attach(den, alice, "notes.txt", "text/plain", b"secret")
    answer = get(bob, file)
    assert answer.body == b"secret"
    assert get(charlie, file).status_code == 404
    assert get(None, file).status_code == 302
    assert get(bob, file, name="other.txt").status_code == 404


def test_a_program_gets_a_file_with_its_token(
    alice: User, bob: User, charlie: User, den: Room
) -> None:
    file = attach(den, alice, "notes.txt", "text/plain", b"secret")

    def fetch(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return Client().get(f"/attachments/{file.pk}/{file.name}", headers=headers)

    allowed = fetch(tokens.create_token(bob, "bot"))
    assert b"".join(allowed.streaming_content) == b"secret"
    allowed.close()
    assert fetch(tokens.create_token(charlie, "bot")).status_code == 404
    refused = fetch("parley_wrong")
    assert refused.status_code == 401 and refused["WWW-Authenticate"] == "Bearer"


def test_everybody_who_sees_a_public_room_gets_its_files(
    alice: User, charlie: User, lobby: Room
) -> None:
    file = attach(lobby, alice, "notes.txt", "text/plain", b"open")
    assert get(charlie, file).body == b"open"


def test_a_file_without_a_room_is_its_owner_s_and_of_staff_who_may_view_jobs(
    alice: User, bob: User, charlie: User
) -> None:
    User.objects.filter(pk__in=(bob.pk, charlie.pk)).update(is_staff=True)
    file = attach(None, alice, "notes.txt", "text/plain", b"mine")
    bob.user_permissions.add(Permission.objects.get(codename="view_job"))
    assert [get(user, file).status_code for user in (alice, bob, charlie)] == [200, 200, 404]


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/x-ndjson"])
def test_what_could_be_a_page_is_saved_not_shown(
    content_type: str, alice: User, lobby: Room
) -> None:
    file = attach(lobby, alice, "page.html", content_type, b"<script>alert(1)</script>")
    answer = get(alice, file)
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_picture_is_shown_and_can_do_nothing(alice: User, lobby: Room) -> None:
    file = attach(lobby, alice, "plot.svg", "image/svg+xml", SVG)
    answer = get(alice, file)
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert answer["Cache-Control"] == "private, no-cache"
    saved = get(alice, file, query="?download")
    assert saved["Content-Disposition"].startswith("attachment")


def test_names_of_any_script_survive(alice: User, lobby: Room) -> None:
    file = attach(lobby, alice, 'Grüße "1".txt', "text/plain", b"x")
    answer = get(alice, file)
    assert answer.status_code == 200
    assert "filename*=utf-8''Gr%C3%BC%C3%9Fe%20%221%22.txt" in answer["Content-Disposition"]


def test_a_file_that_is_gone_from_the_disk_is_not_found(alice: User, lobby: Room) -> None:
    file = attach(lobby, alice, "notes.txt", "text/plain", b"x")
    assert file.file.name
    file.file.storage.delete(file.file.name)
    assert get(alice, file).status_code == 404


def test_a_server_sends_a_large_file_in_pieces(alice: User, lobby: Room) -> None:
    content = bytes(range(256)) * (CHUNK_BYTES // 128)
    file = attach(lobby, alice, "big.bin", "application/zip", content)

    async def fetch() -> tuple[Any, list[bytes]]:
        client = AsyncClient()
        await client.aforce_login(alice)
        answer: Any = await client.get(f"/attachments/{file.pk}/big.bin")
        return answer, [piece async for piece in answer.streaming_content]

    answer, pieces = async_to_sync(fetch)()
    assert answer["Content-Length"] == str(len(content))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= CHUNK_BYTES


def test_a_ban_is_one_for_pictures_that_a_browser_holds(alice: User, bob: User, den: Room) -> None:
    file = attach(den, alice, "plot.svg", "image/svg+xml", SVG)
    etag = get(bob, file)["ETag"]
    client = Client(headers={"if-none-match": etag})
    client.force_login(bob)
    path = f"/attachments/{file.pk}/{file.name}"
    again = client.get(path)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    den.memberships.filter(user=bob).delete()
    assert client.get(path).status_code == 404
