"""Programs elsewhere that post into a room."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from rooms.features.incoming_webhooks import actions
from rooms.features.messages.deletion import delete_message
from rooms.features.rooms import changes
from rooms.limits import limits
from rooms.models import Event, InboxEntry, IncomingWebhook, Message, Room, User, WebhookMessage
from rooms.protocol import Conflict
from rooms.rest import limits as rest_limits
from rooms.rest.limits import Budget
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(lobby: Room, alice: User) -> str:
    _, secret = actions.make_webhook(alice, "lobby", "Alerts")
    return f"/hooks/{secret}"


def post(path: str, told: Any, **headers: str) -> Any:
    return Client().post(path, told, content_type="application/json", headers=headers)


def test_a_message_comes_in(path: str, lobby: Room) -> None:
    answer = post(path, {"body": "The disk is *full*"})
    row = Message.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"message": row.pk, "updated": False})
    told = Event.objects.get(room=lobby, type="message.created").payload["message"]
    assert told["author"]["name"] == "Alerts" and told["bot"] is True
    assert (told["html"].strip(), told["kind"]) == ("<p>The disk is <em>full</em></p>", "text")
    webhook = IncomingWebhook.objects.get()
    assert webhook.uses == 1 and webhook.used_at is not None
    assert not lobby.memberships.filter(user=webhook.bot).exists()


def test_one_of_a_person_is_of_no_program(caller: Callers, alice: User, lobby: Room) -> None:
    answer = caller(alice).post("rooms/lobby/messages", {"body": "Hello"})
    assert answer.data["bot"] is False


def test_what_has_a_key_is_said_anew(
    path: str, caller: Callers, alice: User, bob: User, store: Store
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    watch.verify(lambda: post(path, {"body": "7 is building", "key": "7"}), "message.created")
    answer = watch.verify(lambda: post(path, {"body": "7 is green", "key": "7"}), "message.edited")
    row = Message.objects.get()
    assert answer.json() == {"message": row.pk, "updated": True}
    assert (row.body, row.html.strip()) == ("7 is green", "<p>7 is green</p>")
    # The same again is no event.
    events = Event.objects.count()
    post(path, {"body": "7 is green", "key": "7"})
    assert Event.objects.count() == events
    assert post(path, {"body": "8 is building", "key": "8"}).json()["updated"] is False
    assert row.edits.count() == 0


def test_what_was_deleted_is_said_once_more(path: str, alice: User) -> None:
    first = post(path, {"body": "7", "key": "7"}).json()["message"]
    delete_message(alice, "lobby", first)
    answer = post(path, {"body": "7", "key": "7"}).json()
    assert answer["updated"] is False and answer["message"] != first


def test_keys_of_two_webhooks_are_two(path: str, alice: User) -> None:
    _, other = actions.make_webhook(alice, "lobby", "Builds")
    post(path, {"body": "a", "key": "7"})
    assert post(f"/hooks/{other}", {"body": "b", "key": "7"}).json()["updated"] is False


def test_slack_github_and_alertmanager(path: str) -> None:
    form = Client().post(
        path,
        "payload=%7B%22text%22%3A%22a%20%2Abold%2A%20word%22%7D",
        content_type="application/x-www-form-urlencoded",
    )
    assert form.status_code == 200, form.content
    assert Message.objects.latest("pk").body == "a **bold** word"
    # As `curl -d` sends it.
    form = Client().post(
        path, '{"body": "a=b&c"}', content_type="application/x-www-form-urlencoded"
    )
    assert Message.objects.latest("pk").body == "a=b&c"
    hello = {"zen": "Keep it", "repository": {"full_name": "ana/tide"}}
    assert post(path, hello, **{"X-GitHub-Event": "ping"}).status_code == 200
    assert Message.objects.latest("pk").body.startswith("ana/tide tells this room")
    assert post(path, {"action": "x"}, **{"X-GitHub-Event": "star"}).json()["message"] is None
    group = {"groupKey": "g", "status": "firing", "alerts": [{"labels": {"alertname": "Disk"}}]}
    assert post(path, group).status_code == 200
    assert Message.objects.count() == 4


def test_people_are_mentioned(path: str, bob: User) -> None:
    post(path, {"body": "@bob the disk is full"})
    assert InboxEntry.objects.filter(user=bob).count() == 1
    post(path, {"body": "<@U1> nothing for @nobody-here"})


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b'{"body": ""}', 422),
        (b'{"body": "\\u0000"}', 422),
        (b'{"body": "\\u200b"}', 422),
        (json.dumps({"body": "x" * 20_001}).encode(), 422),
        (b'{"text": "' + b"x" * 20_001 + b'"}', 422),
        (b'{"body": "a", "username": "Ana"}', 422),
    ],
)
def test_what_is_no_message_is_refused(path: str, payload: bytes, status: int) -> None:
    answer = post(path, payload)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["detail"]
    assert not Message.objects.exists() and IncomingWebhook.objects.get().uses == 0


def test_no_log_has_the_address(path: str, caplog: pytest.LogCaptureFixture) -> None:
    assert post(path, {"body": ""}).status_code == 422
    assert post(path + "x", {"body": "a"}).status_code == 404
    assert path not in caplog.text


def test_other_addresses_lead_nowhere(path: str, lobby: Room, alice: User) -> None:
    row = IncomingWebhook.objects.get()
    for wrong in ("/hooks/x", path + "x", path[:-1], "/hooks/" + "x" * 3_000, f"/hooks/{row.pk}"):
        assert post(wrong, {"body": "a"}).status_code == 404, wrong
    assert Client().get(path).status_code == 405
    actions.remove_webhook(alice, "lobby", row.pk)
    assert post(path, {"body": "a"}).status_code == 404
    assert not User.objects.filter(username__startswith="bot-").exists()


def test_an_archived_room_takes_nothing(path: str, lobby: Room) -> None:
    changes.change_room(lobby.pk, {"archived": True})
    answer = post(path, {"body": "a"})
    assert (answer.status_code, answer.json()["code"]) == (403, "archived")


def test_what_was_said_stays_under_its_name(path: str, alice: User) -> None:
    post(path, {"body": "a"})
    actions.remove_webhook(alice, "lobby", IncomingWebhook.objects.get().pk)
    row = Message.objects.get()
    assert row.author is not None and row.author.name == "Alerts"


def test_too_many_at_once(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[str] = []

    def take(key: str) -> Budget:
        spent.append(key)
        return Budget(False, 3.0, 20, 40)

    monkeypatch.setattr(rest_limits, "take", take)
    answer = post(path, {"body": "a"})
    assert answer.status_code == 429 and int(answer["Retry-After"]) >= 1
    assert not Message.objects.exists()
    # Who guesses is counted by address, and takes nothing from the webhook.
    post("/hooks/wrong", {"body": "a"})
    webhook, address = spent
    assert webhook == f"hook:{IncomingWebhook.objects.get().pk}" and address.startswith("address:")


def test_its_bot_is_nobody(path: str, caller: Callers, alice: User, lobby: Room) -> None:
    bot = IncomingWebhook.objects.get().bot
    assert not bot.is_active and not bot.has_usable_password()
    post(path, {"body": "a"})
    assert caller(alice).get(f"people/{bot.username}").status_code == 404
    found = caller(alice).get("rooms/lobby/mentionable?q=bot").data["people"]
    assert found == []


def test_those_of_a_room(caller: Callers, alice: User, bob: User, lobby: Room) -> None:
    made = caller(alice).post("rooms/lobby/incoming-webhooks", {"name": "Alerts"})
    assert made.status_code == 201 and "/hooks/" in made.data["url"]
    [listed] = caller(alice).get("rooms/lobby/incoming-webhooks").data["webhooks"]
    assert listed["name"] == "Alerts" and "url" not in listed
    assert caller(bob).get("rooms/lobby/incoming-webhooks").status_code == 403
    gone = caller(alice).send("delete", f"rooms/lobby/incoming-webhooks/{listed['id']}")
    assert gone.status_code == 204
    again = caller(alice).send("delete", f"rooms/lobby/incoming-webhooks/{listed['id']}")
    assert again.status_code == 404
    for wrong in ("", " ", "x" * 81, "\u200b", "a\u202eb"):
        answer = caller(alice).post("rooms/lobby/incoming-webhooks", {"name": wrong})
        assert answer.status_code == 422, wrong


def test_a_room_has_so_many(alice: User, lobby: Room) -> None:
    for number in range(limits().incoming_webhooks_per_room):
        actions.make_webhook(alice, "lobby", f"{number}")
    with pytest.raises(Conflict):
        actions.make_webhook(alice, "lobby", "one more")
    assert User.objects.filter(first_name="one more").count() == 0


def test_old_keys_are_swept_away(path: str) -> None:
    for key in ("old", "new"):
        post(path, {"body": key, "key": key})
    WebhookMessage.objects.filter(key="old").update(at=timezone.now() - timedelta(days=31))
    call_command("housekeeping")
    assert WebhookMessage.objects.get().key == "new"
    assert Message.objects.count() == 2
