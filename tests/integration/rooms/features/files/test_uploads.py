"""Files that people bring and send."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from rooms.features.files import uploads
from rooms.features.messages.actions import Post, post_message, post_messages
from rooms.features.messages.deletion import delete_message
from rooms.features.rooms import changes
from rooms.limits import limits
from rooms.models import Attachment, Ban, Event, Message, Room, User
from rooms.protocol import Conflict, Invalid, NotFound, Refusal
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, lobby: Room) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def kept(folder: Path) -> int:
    return sum(each.is_file() for each in folder.rglob("*"))


def bring(
    user: User, name: str = "notes.txt", content: bytes = b"hello", slug: str = "lobby"
) -> Any:
    return uploads.upload(user, slug, name, ContentFile(content))


def photo(width: int = 2_000) -> bytes:
    notes = Image.Exif()
    notes[0x010E] = "Lat 52.1"
    made = io.BytesIO()
    Image.new("RGB", (width, 1_000), (9, 90, 200)).save(made, "JPEG", exif=notes)
    return made.getvalue()


def over_rest(user: User, slug: str, name: str, content: bytes) -> Any:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    file = io.BytesIO(content)
    file.name = name
    return client.post(f"/api/v1/rooms/{slug}/uploads", {"file": file})


def test_a_file_is_brought_and_sent(
    caller: Callers, alice: User, bob: User, lobby: Room, store: Store
) -> None:
    brought = over_rest(alice, "lobby", "notes.txt", b"hello")
    assert brought.status_code == 201, brought.content
    told = brought.json()
    assert (told["name"], told["size"], told["content_type"]) == ("notes.txt", 5, "text/plain")
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    post = {"body": "Have a *look*", "files": [told["id"]]}
    answer = watch.verify(
        lambda: caller(alice).post("rooms/lobby/messages", post), "message.created"
    )
    assert answer.status_code == 201, answer.data
    assert [each["id"] for each in answer.data["attachments"]] == [told["id"]]
    [event] = Event.objects.filter(room=lobby, type="message.created")
    assert event.payload["message"] == answer.data
    again = caller(bob).get(f"rooms/lobby/messages/{answer.data['id']}").data
    assert again["attachments"] == answer.data["attachments"]


def test_files_alone_are_named_where_words_are_read(alice: User) -> None:
    files = tuple(bring(alice, name).pk for name in ("one.txt", "two.txt"))
    told: Any = post_message(Post(alice, "lobby", " ", files=files))
    assert (told["body"], told["html"]) == ("one.txt, two.txt", "")
    assert [each["name"] for each in told["attachments"]] == ["one.txt", "two.txt"]
    row = Message.objects.get()
    assert [each.name for each in row.attachments.all()] == ["one.txt", "two.txt"]
    with pytest.raises(Invalid):
        post_message(Post(alice, "lobby", " "))


def test_a_photograph_loses_its_notes_and_gets_a_preview(alice: User, folder: Path) -> None:
    row = bring(alice, "IMG_1.JPG", photo())
    assert (row.content_type, row.width, row.height) == ("image/jpeg", 2_000, 1_000)
    assert row.preview and kept(folder) == 2
    with row.file.open("rb") as file:
        assert b"Lat 52.1" not in file.read()
    client: Any = Client()
    client.force_login(alice)
    url = f"/attachments/{row.pk}/IMG_1.JPG"
    preview = client.get(f"{url}?preview")
    assert preview["Content-Type"] == "image/webp"
    whole = client.get(url)
    assert whole["Content-Type"] == "image/jpeg" and whole["ETag"] != preview["ETag"]
    assert len(b"".join(whole.streaming_content)) == row.size


def test_what_it_is_is_found_out(alice: User) -> None:
    page = bring(alice, "cat.png", b"<html><script>alert(1)</script>")
    assert page.content_type == "text/plain"
    client: Any = Client()
    client.force_login(alice)
    answer = client.get(f"/attachments/{page.pk}/cat.png")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    with pytest.raises(Invalid):
        bring(alice, "cat.png", b"\x89PNG\r\n\x1a\n<script>")
    assert bring(alice, "cat.exe", photo(20)).content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ana\\plan.txt", "plan.txt"),
        ("", "file"),
        ("..", "file"),
        ("a\nb\0.txt", "a b.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 300 + ".tar.gz", "x" * 113 + ".tar.gz"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
    ],
)
def test_names(alice: User, given: str, name: str) -> None:
    assert bring(alice, given).name == name


def test_who_may_not_post_brings_nothing(
    alice: User, bob: User, charlie: User, lobby: Room, den: Room, folder: Path
) -> None:
    Ban.objects.create(room=lobby, user=charlie)
    for slug in ("lobby", den.slug, "nowhere"):
        assert over_rest(charlie, slug, "a.txt", b"a").status_code == 404
    changes.change_room(lobby.pk, {"who_posts": "moderators"})
    assert over_rest(bob, "lobby", "a.txt", b"a").status_code == 403
    changes.change_room(lobby.pk, {"archived": True})
    assert over_rest(alice, "lobby", "a.txt", b"a").status_code == 403
    assert Client().post("/api/v1/rooms/lobby/uploads").status_code == 401
    assert kept(folder) == 0 and not Attachment.objects.exists()


def test_only_ones_own_that_wait_here_are_sent(
    caller: Callers, alice: User, bob: User, lobby: Room, den: Room
) -> None:
    mine, sent = bring(alice), bring(alice)
    post_message(Post(alice, "lobby", "x", files=(sent.pk,)))
    elsewhere, his = bring(alice, slug=den.slug), bring(bob)
    of_a_job = Attachment.objects.create(
        room=lobby, owner=alice, name="x", content_type="x", size=1
    )
    for wrong in (sent, elsewhere, his, of_a_job):
        with pytest.raises(NotFound):
            post_message(Post(alice, "lobby", "x", files=(mine.pk, wrong.pk)))
    with pytest.raises(NotFound):
        post_message(Post(alice, "lobby", "x", files=(uuid4(),)))
    with pytest.raises(Invalid):
        post_message(Post(alice, "lobby", "x", files=(mine.pk, mine.pk)))
    mine.refresh_from_db()
    assert mine.message is None and Message.objects.count() == 1
    too_many = {"body": "x", "files": [str(uuid4()) for _ in range(11)]}
    assert caller(alice).post("rooms/lobby/messages", too_many).status_code == 422


def test_two_messages_do_not_share_a_file(alice: User) -> None:
    file = bring(alice)
    one, two = post_messages(
        [Post(alice, "lobby", body, uuid4(), files=(file.pk,)) for body in ("one", "two")]
    )
    assert isinstance(one, dict) and isinstance(two, Refusal)

    other = bring(alice)

    def post(body: str) -> bool:
        try:
            post_message(Post(alice, "lobby", body, uuid4(), files=(other.pk,)))
        except Refusal:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(post, ("three", "four"))) == [False, True]


def test_the_same_message_again_has_its_files(alice: User) -> None:
    file = bring(alice)
    post = Post(alice, "lobby", "", uuid4(), files=(file.pk,))
    first: Any = post_message(post)
    again: Any = post_message(Post(alice, "lobby", "", post.client_id, files=(file.pk,)))
    assert again["id"] == first["id"] and again["attachments"] == first["attachments"]


def test_a_deleted_message_takes_its_files_along(alice: User, folder: Path) -> None:
    file = bring(alice, "a.jpg", photo())
    told: Any = post_message(Post(alice, "lobby", "", files=(file.pk,)))
    assert kept(folder) == 2
    delete_message(alice, "lobby", told["id"])
    assert kept(folder) == 0 and not Attachment.objects.exists()


def test_a_room_takes_its_files_along(alice: User, lobby: Room, folder: Path) -> None:
    bring(alice, "a.jpg", photo())
    changes.delete_room(lobby.pk)
    assert kept(folder) == 0


def test_what_is_not_to_be_sent_goes(caller: Callers, alice: User, bob: User, folder: Path) -> None:
    file, sent = bring(alice, "a.jpg", photo()), bring(alice)
    post_message(Post(alice, "lobby", "x", files=(sent.pk,)))
    assert caller(bob).send("delete", f"uploads/{file.pk}").status_code == 404
    assert caller(alice).send("delete", f"uploads/{sent.pk}").status_code == 404
    assert caller(alice).send("delete", f"uploads/{file.pk}").status_code == 204
    assert kept(folder) == 1
    old, new = bring(alice), bring(alice)
    Attachment.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    call_command("housekeeping")
    assert not Attachment.objects.filter(pk=old.pk).exists()
    assert Attachment.objects.filter(pk__in=[new.pk, sent.pk]).count() == 2
    assert kept(folder) == 2


def test_a_person_has_so_much(alice: User, bob: User, folder: Path) -> None:
    file = bring(alice)
    Attachment.objects.filter(pk=file.pk).update(size=limits().upload_quota_bytes - 3)
    with pytest.raises(Conflict):
        bring(alice, content=b"1234")
    bring(alice, content=b"123")
    bring(bob)
    assert kept(folder) == 3
    told: Any = post_message(Post(alice, "lobby", "", files=(file.pk,)))
    delete_message(alice, "lobby", told["id"])
    bring(alice, content=b"1234")


def test_not_too_many_wait(alice: User, lobby: Room) -> None:
    Attachment.objects.bulk_create(
        Attachment(room=lobby, owner=alice, name="a", content_type="x", size=1, is_upload=True)
        for _ in range(limits().uploads_waiting)
    )
    with pytest.raises(Conflict):
        bring(alice)


def test_sizes(alice: User, folder: Path) -> None:
    with pytest.raises(Invalid):
        bring(alice, content=b"")
    large = b"x" * (limits().upload_bytes + 1)
    with pytest.raises(Invalid, match="at most"):
        bring(alice, content=large)
    assert kept(folder) == 0


def test_parts_of_a_film(alice: User) -> None:
    film = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 10
    row = bring(alice, "tide.mp4", film)
    client: Any = Client()
    client.force_login(alice)
    url = f"/attachments/{row.pk}/tide.mp4"
    whole = client.get(url)
    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    assert whole["Content-Type"] == "video/mp4"
    part = client.get(url, headers={"range": "bytes=4-11"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 4-11/{len(film)}")
    assert b"".join(part.streaming_content) == b"ftypisom"
    assert client.get(url, headers={"range": "bytes=99999-"}).status_code == 416
