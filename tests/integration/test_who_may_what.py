"""Every cell of docs/who-may-what.md, tried at the doors: what REST, the pages and the socket do is
what the table says. An action without a probe here is a failure.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone

from jobs.models import JobQuestion, State
from rooms.contract.permissions import PEOPLE, ROOMS, cells
from rooms.core import policy
from rooms.models import Message, User
from tests.support import sockets
from tests.support.who_may_what import Cell, World

pytestmark = pytest.mark.timeout(300)

TABLE = list(cells())


def reaction(cell: Cell) -> str:
    message = Message.objects.get(room=cell.world.room)
    return f"rooms/{{slug}}/messages/{message.pk}/reactions/👍"


def submitted(cell: Cell) -> Any:
    room = {} if "no room" in cell.case else {"room": cell.slug}
    return cell.rest("post", "jobs", {"kind": "test.outcome", "params": {}, **room})


def many(cell: Cell, kind: str, **params: Any) -> Any:
    cell.staff("job")
    return cell.rest("post", "jobs", {"kind": kind, "params": params})


def paused(cell: Cell) -> Any:
    cell.staff("job")
    if "pauses" in cell.case:
        cell.me.user_permissions.add(Permission.objects.get(codename="change_pause"))
    return cell.rest("post", "job-pauses", {"target": "queue", "name": "bulk"})


def made(cell: Cell) -> Any:
    room = {} if "no room" in cell.case else {"room": cell.slug}
    return cell.rest("post", "schedules", {"kind": "test.outcome", "every": 3600, **room})


def hooked(cell: Cell, scope: str) -> Any:
    cell.staff("webhook")
    room = {"room": cell.slug} if scope == "room" else {}
    return cell.rest("post", "webhooks", {"url": "https://example.com", "scope": scope, **room})


def answered(cell: Cell, who: str) -> Any:
    job = cell.job(State.WAITING)
    now = timezone.now()
    question = JobQuestion.objects.create(
        job=job, name="go", text="Go?", who=who, asked_at=now, expires_at=now + timedelta(hours=1)
    )
    given = {"question": str(question.pk), "answer": "Yes"}
    return cell.rest("post", f"jobs/{job.pk}/answer", given)


def invited(cell: Cell) -> Any:
    role = cell.case.rpartition(" ")[2]
    return cell.rest("post", "rooms/{slug}/members", {"user": "some name", "role": role})


def changed(cell: Cell, **change: Any) -> Any:
    return cell.rest("patch", "rooms/{slug}", change)


def other_than(who: str) -> str:
    return "members" if who == "moderators" else "moderators"


# Each of them is asked; where there are several doors, all have to say the same.
PROBES: dict[str, list[Callable[[Cell], Any]]] = {
    "room.see": [
        lambda cell: cell.rest("get", "rooms/{slug}"),
        lambda cell: cell.rest("get", "rooms/{slug}/members"),
        lambda cell: cell.rest("get", "rooms/{slug}/messages"),
        lambda cell: cell.rest("get", cell.message()),
        lambda cell: cell.rest("get", "search?q=x in:{slug}"),
        lambda cell: cell.rest("get", "jobs?room={slug}"),
        lambda cell: cell.ask("get", f"/rooms/{cell.slug}/"),
        lambda cell: cell.ask("get", f"/rooms/{cell.slug}/1"),
        lambda cell: cell.ask("get", f"/rooms/{cell.slug}/state/"),
    ],
    "room.join": [lambda cell: cell.rest("post", "rooms/{slug}/join")],
    "room.leave": [lambda cell: cell.rest("post", "rooms/{slug}/leave")],
    "room.post": [lambda cell: cell.rest("post", "rooms/{slug}/messages", {"body": "Hello"})],
    "room.read": [lambda cell: cell.rest("post", "rooms/{slug}/read", {"seq": 0})],
    "room.change": [
        lambda cell: changed(cell, topic="New"),
        lambda cell: changed(cell, name="New"),
    ],
    "room.restrict": [
        lambda cell: changed(cell, slow_mode=30),
        lambda cell: changed(cell, who_posts=other_than(cell.world.room.who_posts)),
    ],
    "room.set_default": [lambda cell: changed(cell, default=True)],
    "room.archive": [lambda cell: changed(cell, archived=cell.world.room.archived_at is None)],
    "room.close": [lambda cell: changed(cell, visibility="private")],
    "room.publish": [lambda cell: changed(cell, visibility="public")],
    "invitation.list": [lambda cell: cell.rest("get", "rooms/{slug}/invitations")],
    "invitation.make": [invited],
    "invitation.cancel": [
        lambda cell: cell.rest("delete", f"rooms/{{slug}}/invitations/{cell.world.open.pk}")
    ],
    "invite_link.list": [lambda cell: cell.rest("get", "rooms/{slug}/invite-links")],
    "invite_link.make": [lambda cell: cell.rest("post", "rooms/{slug}/invite-links", {})],
    "invite_link.revoke": [
        lambda cell: cell.rest("delete", f"rooms/{{slug}}/invite-links/{cell.world.link.pk}")
    ],
    "invite_link.accept": [
        lambda cell: cell.rest("post", "invite-links/accept", {"secret": cell.world.secret})
    ],
    "incoming_webhook.list": [lambda cell: cell.rest("get", "rooms/{slug}/incoming-webhooks")],
    "incoming_webhook.make": [
        lambda cell: cell.rest("post", "rooms/{slug}/incoming-webhooks", {"name": "Alerts"})
    ],
    "incoming_webhook.remove": [
        lambda cell: cell.rest(
            "delete", f"rooms/{{slug}}/incoming-webhooks/{cell.world.webhook.pk}"
        )
    ],
    "member.change_role": [
        lambda cell: cell.rest(
            "patch",
            f"rooms/{{slug}}/members/{cell.target().pk}",
            {"role": cell.case.rpartition(" ")[2]},
        )
    ],
    "member.remove": [
        lambda cell: cell.rest("delete", f"rooms/{{slug}}/members/{cell.target().pk}")
    ],
    "member.mute": [
        lambda cell: cell.rest(
            "put", f"rooms/{{slug}}/members/{cell.about().pk}/mute", {"minutes": 5}
        )
    ],
    "member.unmute": [
        lambda cell: cell.rest("delete", f"rooms/{{slug}}/members/{cell.about().pk}/mute")
    ],
    "moderation_log.read": [lambda cell: cell.rest("get", "rooms/{slug}/moderation-log")],
    "ban.list": [lambda cell: cell.rest("get", "rooms/{slug}/bans")],
    "ban.make": [lambda cell: cell.rest("post", "rooms/{slug}/bans", {"user": cell.target().pk})],
    "ban.lift": [lambda cell: cell.rest("delete", f"rooms/{{slug}}/bans/{cell.world.kept_out.pk}")],
    "message.edit": [lambda cell: cell.rest("patch", cell.message(), {"body": "Other"})],
    "message.delete": [lambda cell: cell.rest("delete", cell.message())],
    "message.history": [lambda cell: cell.rest("get", f"{cell.message()}/history")],
    "mention.everybody": [
        lambda cell: cell.rest("get", "rooms/{slug}/mentionable/everybody"),
    ],
    "pin.add": [lambda cell: cell.rest("put", f"{cell.message()}/pin")],
    "pin.remove": [lambda cell: cell.rest("delete", f"{cell.message()}/pin")],
    "inbox.save": [lambda cell: cell.rest("put", f"{cell.message()}/saved")],
    "thread.follow": [lambda cell: cell.rest("put", f"{cell.thread()}/follow")],
    "reaction.add": [lambda cell: cell.rest("put", reaction(cell))],
    "reaction.remove": [lambda cell: cell.rest("delete", reaction(cell))],
    "direct.open": [lambda cell: cell.rest("post", "direct", {"username": cell.about().username})],
    "person.see": [lambda cell: cell.rest("get", f"rooms/{{slug}}/people/{cell.about().pk}")],
    "file.open": [lambda cell: cell.ask("get", cell.file())],
    "job.submit": [submitted],
    "job.see": [lambda cell: cell.rest("get", f"jobs/{cell.job(State.QUEUED).pk}")],
    "job.cancel": [lambda cell: cell.rest("post", f"jobs/{cell.job(State.QUEUED).pk}/cancel")],
    "job.retry": [lambda cell: cell.rest("post", f"jobs/{cell.job(State.FAILED).pk}/retry")],
    "job.answer_as_requester": [lambda cell: answered(cell, "requester")],
    "job.answer_as_member": [lambda cell: answered(cell, "members")],
    "job.answer_as_moderator": [lambda cell: answered(cell, "moderators")],
    "job.change_many": [lambda cell: many(cell, "jobs.change_many", verb="cancel")],
    "job.delete_many": [lambda cell: many(cell, "jobs.delete_many")],
    "webhook.room": [lambda cell: hooked(cell, "room")],
    "webhook.site": [lambda cell: hooked(cell, "site")],
    "webhook.own": [lambda cell: hooked(cell, "own")],
    "webhook.deliver": [lambda cell: many(cell, "jobs.webhook", type="x", at="", data={})],
    "job.task": [lambda cell: many(cell, "django.task", task="os.getcwd", args=[], kwargs={})],
    "job.pause": [paused],
    "schedule.make": [made],
    "schedule.see": [lambda cell: cell.rest("get", cell.schedule())],
    "schedule.control": [
        lambda cell: cell.rest("patch", cell.schedule(), {"paused": True}),
        lambda cell: cell.rest("delete", cell.schedule()),
    ],
    "schedule.change": [lambda cell: cell.rest("patch", cell.schedule(), {"every": 7200})],
    "schedule.params": [lambda cell: cell.rest("patch", cell.schedule(), {"params": {}})],
    "schedule.run": [lambda cell: cell.rest("post", f"{cell.schedule()}/run")],
}


def outcome(answer: Any) -> str:
    """In the table's words."""
    if answer.status_code < 300:
        return "yes"
    if answer.status_code == 404:
        return "hidden"
    if answer.status_code == 403:
        return "archived" if answer.json()["code"] == "archived" else "no"
    return f"{answer.status_code} {answer.content!r}"


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_action_has_a_probe() -> None:
    assert set(PROBES) == {action.name for action in policy.actions()}


# What is asked of the database is the same for each: on another one, the room with most answers.
@pytest.mark.django_db
@pytest.mark.parametrize(
    "where",
    [pytest.param(each, marks=[] if each == "private" else pytest.mark.once) for each in ROOMS],
)
def test_rest_and_pages_do_what_the_table_says(where: str) -> None:
    world = World(where)
    wrong = []
    for room, action, case, who, expected in TABLE:
        if room != where:
            continue
        if case.startswith("the last owner") and who == "owner":
            # That is themselves: to remove oneself is to leave, and nobody bans themselves.
            continue
        for number, probe in enumerate(PROBES[action.name]):
            with undone():
                answer = probe(Cell(world, who, case))
                found = outcome(answer)
                if answer.streaming:
                    # Its end closes the file.
                    b"".join(answer)
            if found != expected:
                wrong.append((action.name, number, case, who, f"{found}, not {expected}"))
    assert not wrong, "\n".join(map(str, wrong))


COMMANDS: dict[str, dict[str, Any]] = {
    "room.see": {"type": "subscribe"},
    "room.read": {"type": "read", "seq": 0},
    "job.submit": {
        "type": "job.submit",
        "kind": "test.outcome",
        "client_id": "5f0c7c5e-9a3b-4a53-8a86-0a6a3f5b1c11",
    },
    "room.post": {
        "type": "send",
        "body": "Hello",
        "client_id": "0d9c5ab4-3e0d-4f4c-9d0e-0f8a3ae7e6d2",
    },
}


def told(answer: dict[str, Any]) -> str:
    if answer["type"] != "error":
        return "yes"
    code: str = answer["code"]
    return {"not_found": "hidden", "forbidden": "no"}.get(code, code)


@pytest.mark.django_db(transaction=True)
def test_the_socket_does_what_the_table_says() -> None:
    worlds = {where: World(where) for where in ROOMS}
    expected = {
        (where, action.name, who): found
        for where, action, case, who, found in TABLE
        if action.name in COMMANDS and case in ("", "in the room")
    }
    seen: dict[tuple[str, str, str], str] = {}

    async def everybody() -> None:
        for who in PEOPLE:
            user = await sync_to_async(User.objects.get)(username=who)
            client = await sockets.Client.connect(user)
            for where, world in worlds.items():
                for name, command in COMMANDS.items():
                    fields = dict(command)
                    kind = fields.pop("type")
                    if "client_id" in fields:
                        place = list(ROOMS).index(where)
                        fields["client_id"] = fields["client_id"][:-1] + str(place)
                    answer = await client.call(kind, room=world.room.slug, **fields)
                    seen[where, name, who] = told(answer)
            await client.leave()

    sockets.run(everybody)
    assert seen == expected
