"""Numbers, dates and cursors at the edges of what there is, at every door of jobs."""

import json
import uuid
from typing import Any

import pytest
from django.db import DataError, transaction

from jobs.faces import page
from jobs.models import Job
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.core import lookup
from rooms.features.bans import actions as bans
from rooms.features.rooms import changes
from rooms.models import Room, User
from rooms.protocol import Refusal
from rooms.rest import paging
from tests.support import sockets
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)

HUGE = (-1, 0, 2**31, 2**63 - 1, 2**63, 2**64, 99999999999999999999, 10**400)
TIMES = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00-14:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59+14:00",
)


@pytest.mark.parametrize("number", HUGE)
def test_numbers_in_a_question(caller: Callers, alice: User, lobby: Room, number: int) -> None:
    for path in (
        f"jobs?requested_by={number}",
        f"jobs?limit={number}",
        f"rooms?limit={number}",
        f"rooms/lobby/messages?before={number}",
        f"rooms/lobby/messages?after={number}",
        f"rooms/lobby/messages?around={number}",
        f"rooms/lobby/members?limit={number}",
        f"rooms?cursor={paging.cursor(number) if abs(number) < 2**63 else number}",
        f"rooms/lobby/invitations?cursor={paging.cursor(min(number, 2**63 - 1))}",
    ):
        assert caller(alice).get(path).status_code in (200, 422), path
    for method, path in (
        ("delete", f"rooms/lobby/members/{number}"),
        ("delete", f"rooms/lobby/bans/{number}"),
        ("delete", f"rooms/lobby/invitations/{number}"),
    ):
        assert caller(alice).send(method, path).status_code in (404, 422), path


@pytest.mark.parametrize("number", [*HUGE, False, True, "5", 1.5, None, [], {}])
def test_numbers_in_a_body(caller: Callers, alice: User, lobby: Room, number: object) -> None:
    for path, body in (
        ("rooms/lobby/read", {"seq": number}),
        ("rooms/lobby/messages", {"body": "x", "reply_to": number}),
        ("rooms/lobby/members", {"user": number}),
        ("rooms/lobby/bans", {"user": number}),
        ("jobs", {"kind": "test.outcome", "priority": number}),
    ):
        answer = caller(alice).post(path, body)
        assert answer.status_code < 500, (path, answer.data)
        if isinstance(number, bool):
            assert answer.status_code == 422, path


@pytest.mark.parametrize("time", TIMES)
def test_times(caller: Callers, alice: User, lobby: Room, time: str) -> None:
    for path in (f"jobs?after={time}", f"jobs?before={time}"):
        assert caller(alice).get(path.replace("+", "%2B")).status_code in (200, 422)
    cursor = paging.cursor(time, str(uuid.uuid4()))
    assert caller(alice).get("jobs", cursor=cursor).status_code in (200, 422)
    for path, body in (
        ("rooms/lobby/bans", {"user": alice.pk, "until": time}),
        ("jobs", {"kind": "test.outcome", "run_at": time}),
    ):
        assert caller(alice).post(path, body).status_code < 500
    for job in Job.objects.all():
        shown = caller(alice).get(f"jobs/{job.pk}").data
        assert shown["run_at"] == "0001-01-01T00:00:00.000000Z" or shown["run_at"].startswith(
            "0001-01-01T14"
        )


@pytest.mark.parametrize("depth", [50, 300, 1_000, 5_000, 50_000])
@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_params(alice: User, lobby: Room, depth: int, bracket: str) -> None:
    from jobs.faces import slash

    closed = bracket * depth + "1" + {"[": "]"}.get(bracket, "}") * depth
    for text in (closed, bracket * depth):
        try:
            slash.submit(alice, "lobby", f"test.outcome value='{text}'", uuid.uuid4())
        except Refusal:
            pass


@pytest.mark.parametrize("depth", [300, 1_000])
def test_deep_params_by_rest(caller: Callers, alice: User, lobby: Room, depth: int) -> None:
    value = "x"
    raw = (
        b'{"kind": "test.outcome", "params": {"value": '
        + b"[" * depth
        + json.dumps(value).encode()
        + b"]" * depth
        + b"}}"
    )
    assert caller(alice).post("jobs", raw=raw).status_code in (400, 422)


# What a key that is known already may show ------------------------------------------------------


def test_a_key_shows_no_job_that_may_not_be_seen_any_more(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    def submit() -> Any:
        return actions.submit(Submission(bob, "test.outcome", {}, "lobby", key="k"))

    job, new = submit()
    assert new
    assert submit() == (job, False)
    bans.ban(lobby.pk, bob, alice)
    with pytest.raises(Refusal) as refused:
        submit()
    assert refused.value.code == "not_found"
    bans.unban(lobby.pk, bob, alice)
    assert submit() == (job, False)
    changes.change_room(lobby.pk, {"archived": True}, alice)
    assert submit() == (job, False), "it may be seen, so it is told"
    changes.change_room(lobby.pk, {"archived": False, "visibility": "private"}, alice)
    with pytest.raises(Refusal):
        submit()
    assert lookup.facts(bob, lobby).role is None


def test_the_socket_answers_every_edge(alice: User, lobby: Room) -> None:
    """By an error of its own, never `internal`."""

    async def everything() -> None:
        client = await sockets.Client.connect(alice)
        for time in (*TIMES, 0, 1e308, True, "", "now"):
            fields = {"kind": "test.outcome", "run_at": time, "client_id": str(uuid.uuid4())}
            answer = await client.call("job.submit", room="lobby", **fields)
            assert answer.get("code") in (None, "invalid"), (time, answer)
        for text in ("[" * 9_000, '{"a":' * 1_800, "[" * 300 + "]" * 300, "1" * 9_000):
            answer = await client.say("lobby", f"/job test.outcome value={text}")
            assert answer.get("code") in (None, "invalid"), answer
        for number in HUGE[:-1]:
            for command, field in (("read", "seq"), ("subscribe", "after")):
                answer = await client.call(command, room="lobby", **{field: number})
                assert answer.get("code") in (None, "invalid"), (command, number, answer)
            answer = await client.say("lobby", "x", reply_to=number)
            assert answer.get("code") in (None, "invalid", "not_found"), (number, answer)
        await client.leave()

    sockets.run(everything)


SPOILT: dict[str, dict[str, Any]] = {
    "progress without a number": {"progress": {"current": "x", "total": None, "text": ""}},
    "progress that is a list": {"progress": [1, 2]},
    "progress with half a character": {"progress": {"current": 1, "text": "\ud83d"}},
    "a result that is a text": {"result": "done"},
    "a result with half a character": {"result": {"summary": "\ud83d", "more": [{"\udc00": 1}]}},
    "a number beyond all bounds": {"result": {"summary": "x", "n": 10**30}},
    "params that are a list": {"params": [1]},
    "params with half a character": {"params": {"outcome": "\ud83d"}},
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_row_that_was_spoilt_by_hand_hides_no_other(
    caller: Callers, alice: User, lobby: Room, what: str
) -> None:
    def submit() -> str:
        job = {"kind": "test.outcome", "room": "lobby", "params": {"outcome": "ok"}}
        answer = caller(alice).post("jobs", job)
        assert answer.status_code == 202
        return str(answer.json()["id"])

    spoilt, other = submit(), submit()
    try:
        with transaction.atomic():
            Job.objects.filter(pk=spoilt).update(**SPOILT[what])
    except DataError:
        pytest.skip("This database does not take it.")
    api = caller(alice)
    assert api.get(f"jobs/{spoilt}").json()["id"] == spoilt
    assert [job["id"] for job in api.get("jobs").json()["jobs"]] == [other, spoilt]
    assert len(page.room_state(alice, lobby, None)["jobs"]) == 2
    assert api.post(f"jobs/{spoilt}/cancel").json()["state"] == "cancelled"
    submit()
