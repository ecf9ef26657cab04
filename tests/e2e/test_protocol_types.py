"""All that a real server sends, in a session with every command and every event, is of the types of
the protocol, to the field; and so is all that it was sent."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from typing import Any

import jsonschema_rs
import pytest

from rooms.contract.asyncapi import answers, document
from rooms.live.commands.registry import registry
from rooms.protocol import events
from rooms.protocol.answers import Answer, Told
from tests.support.client import Event, Refused, SocketClient
from tests.support.site import Site

pytestmark = pytest.mark.once

ANSWERS = {events.name(each) for each in answers()}
EVENTS = {events.name(each) for each in events.registered()}
DOCUMENT = document()


class Recorder(SocketClient):
    """Keeps every object and every command as it went over the wire."""

    told: list[Event]
    asked: list[Event]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.told, self.asked = [], []

    def _take(self, item: Event) -> None:
        self.told.append(item)
        super()._take(item)

    async def send_raw(self, frame: str | bytes) -> None:
        self.asked.append(json.loads(frame))
        await super().send_raw(frame)


def conforms(item: Event) -> None:
    """By the type, strictly; and by the schema that is published."""
    known: Sequence[type[Told]] = answers() if "id" in item else events.registered()
    named = [each for each in known if events.name(each) == item["type"]]
    # An answer may say more after some commands than after others: the nearest one is meant.
    model = min(named, key=lambda each: len(each.model_fields.keys() ^ item.keys()))
    model.model_validate_json(json.dumps(item), strict=True)
    schema = {**DOCUMENT, "$ref": f"#/components/schemas/{model.__name__}"}
    jsonschema_rs.Draft7Validator(schema, validate_formats=True).validate(item)
    assert issubclass(model, Answer) == ("id" in item)


async def refused(client: SocketClient, type: str, **fields: Any) -> str:
    try:
        await client.call(type, **fields)
    except Refused as refusal:
        return refusal.code
    raise AssertionError(f"{type} was not refused")


async def everything(site: Site, room: str, alice: Recorder, bob: Recorder) -> None:
    """Every command once, and whatever makes the server tell each of its events."""

    def submit(outcome: str, **params: Any) -> dict[str, Any]:
        return {
            "room": room,
            "kind": "test.outcome",
            "params": {"outcome": outcome, **params},
            "client_id": str(uuid.uuid4()),
        }

    def of_job(job: Event, state: str) -> Any:
        return lambda event: (
            event["type"] == "job.changed"
            and event["job"]["id"] == job["id"]
            and event["job"]["state"] == state
        )

    await alice.subscribe(room)
    # Public rooms are joined by speaking in them.
    sent = await bob.call("send", room=room, body="*Hi*", client_id=str(uuid.uuid4()))
    await alice.event("member.joined")
    await bob.subscribe(room)
    await alice.event("presence")
    reply = {"body": "Yes?", "reply_to": sent["message"]["id"], "client_id": str(uuid.uuid4())}
    said = await alice.call("send", room=room, **reply)
    await bob.tell("typing", room=room)
    await alice.event("typing")
    await bob.caught_up(room, said["seq"])
    await bob.call("read", room=room, seq=said["seq"])
    await alice.event("read")
    await bob.event("unread")
    await alice.call("send", room=room, body="Look, @bob", client_id=str(uuid.uuid4()))
    await bob.event("mentions")
    await alice.call("ping")
    await bob.call("save", room=room, message=sent["message"]["id"])
    await bob.call("follow", room=room, message=sent["message"]["id"], follow=False)
    about = {"room": room, "message": sent["message"]["id"], "emoji": "👍"}
    for command, type in (("react", "reaction.added"), ("unreact", "reaction.removed")):
        await bob.call(command, **about)
        await alice.event(type)
    # Alice has made the room.
    for command, type in (("pin", "message.pinned"), ("unpin", "message.unpinned")):
        await alice.call(command, room=room, message=sent["message"]["id"])
        await bob.event(type)
    about = {"room": room, "user": site.user("bob").id}
    await alice.call("mute", **about, minutes=5, reason="Spam")
    await bob.event(lambda event: event.get("member", {}).get("muted_until") is not None)
    await alice.call("unmute", **about)
    await alice.call("edit", room=room, message=said["message"]["id"], body="No.")
    await bob.event("message.edited")
    await alice.call("delete", room=room, message=sent["message"]["id"])
    await bob.event("message.deleted")

    done = (await alice.call("job.submit", **submit("slow", seconds=1, steps=5)))["job"]
    await alice.event("job.progress", timeout=60)
    await alice.event(of_job(done, "succeeded"), timeout=60)
    await alice.call("job.submit", **submit("attach"))
    await alice.call("job.submit", **submit("steps"))
    slash = "/job test.outcome outcome=give_up"
    failing = (await alice.call("send", room=room, body=slash, client_id=str(uuid.uuid4())))["job"]
    await alice.event(of_job(failing, "failed"), timeout=60)
    await alice.call("job.retry", job=failing["id"])
    slow = (await alice.call("job.submit", **submit("slow", seconds=30, steps=300)))["job"]
    await alice.event(of_job(slow, "running"), timeout=60)
    await alice.call("job.cancel", job=slow["id"])
    await alice.event(of_job(slow, "cancelled"), timeout=60)

    asking = {**submit("ok"), "kind": "test.ask", "params": {}}
    asks = (await alice.call("job.submit", **asking))["job"]
    waits = (await alice.event(of_job(asks, "waiting"), timeout=60))["job"]
    given = {"question": waits["questions"][0]["id"], "answer": "Yes"}
    await alice.call("job.answer", job=asks["id"], **given)
    await alice.event(of_job(asks, "succeeded"), timeout=60)

    slash = "/schedule every 1h test.outcome"
    answer = await alice.call("send", room=room, body=slash, client_id=str(uuid.uuid4()))
    assert "Next on" in answer["words"]
    number = (await alice.event("schedule.changed"))["schedule"]["id"]
    slash = f"/schedule delete {number}"
    await alice.call("send", room=room, body=slash, client_id=str(uuid.uuid4()))
    await alice.event("schedule.deleted")

    site.ask("bob = User.objects.get(username='bob')\nbob.first_name = 'Robert'\nbob.save()\n")
    await bob.event("person")
    site.ask(
        f"room = Room.objects.get(slug={room!r})\n"
        "bob = User.objects.get(username='bob')\n"
        "actions.change_role(room.pk, bob, 'moderator')\n"
        "actions.change_room(room.pk, {'name': 'Renamed', 'topic': 'A topic'})\n"
        "actions.leave(bob, room.slug)\n"
    )
    for type in ("member.changed", "room.changed", "member.left"):
        await alice.event(type)
    await bob.event("left")
    site.ask(
        f"room = Room.objects.get(slug={room!r})\n"
        "actions.ban(room.pk, User.objects.get(username='bob'), None, staff=True)\n"
    )
    await bob.event("unsubscribed")
    site.ask(
        "alice, bob = (User.objects.get(username=name) for name in ('alice', 'bob'))\n"
        "den = actions.create_room(alice, 'den-of-everything', 'Den', visibility='private')\n"
        "actions.invite(alice, den.slug, 'bob', 'member')\n"
    )
    await bob.event("invitation")

    assert await refused(alice, "subscribe", room=room, after=-1) == "invalid"
    assert await refused(alice, "subscribe", room="nowhere") == "not_found"
    assert await refused(alice, "dance") == "unknown_type"
    assert await refused(alice, "unsubscribe", room="nowhere") == "not_subscribed"
    assert (await alice.call("subscribe", room=room, after=10**6))["recovered"] is False
    await alice.call("unsubscribe", room=room)
    since = alice.mark()
    await alice.event("heartbeat", since=since)


def test_a_session_with_everything_is_of_the_types() -> None:
    async def session(site: Site, room: str) -> list[Recorder]:
        people = [site.user("alice"), site.user("bob")]
        async with (
            Recorder(site.socket_url, people[0].bearer) as alice,
            Recorder(site.socket_url, people[1].bearer) as bob,
        ):
            await everything(site, room, alice, bob)
            await asyncio.to_thread(site.web.terminate)
            for client in (alice, bob):
                await client.closed()
        return [alice, bob]

    with Site(env={"PARLEY_HEARTBEAT_SECONDS": "1"}) as site:
        room = site.room("everything", "alice")
        recorders = asyncio.run(session(site, room))
    told = [item for each in recorders for item in each.told]
    for item in told:
        conforms(item)
    # Nothing was left out: every type of the documents was there.
    assert {item["type"] for item in told if "id" in item} == ANSWERS
    assert {item["type"] for item in told if "id" not in item} == EVENTS
    asked = [item for each in recorders for item in each.asked if item["type"] in registry]
    assert {item["type"] for item in asked} == set(registry)
    for item in asked:
        command = registry[item["type"]].model
        if item.get("after", 0) >= 0:
            command.model_validate(item)
            assert set(item) <= set(command.model_fields)
