"""A job from the socket to the worker and back to everybody in the room."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Refused, SocketClient
from tests.support.site import Site

Event = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def workshop(site: Site) -> str:
    site.room("vault", "alice", private=True)
    return site.room("workshop", "alice", "bob")


def new_id() -> str:
    return str(uuid.uuid4())


def state(job: str, wanted: str) -> Callable[[Event], bool]:
    return lambda event: (
        event["type"] == "job.changed"
        and event["job"]["id"] == job
        and event["job"]["state"] == wanted
    )


async def submit(client: SocketClient, outcome: str, **params: Any) -> Event:
    answer = await client.call(
        "job.submit",
        room="workshop",
        kind="test.outcome",
        params={"outcome": outcome, **params},
        client_id=new_id(),
    )
    assert answer["type"] == "job.accepted"
    return dict(answer["job"])


def in_the_room(site: Site, play: Any) -> None:
    """`play(hers, his)`, with Alice and Bob listening to the workshop."""

    async def run() -> None:
        async with (
            SocketClient(site.socket_url, site.user("alice").bearer) as hers,
            SocketClient(site.socket_url, site.user("bob").bearer) as his,
        ):
            await hers.subscribe("workshop")
            await his.subscribe("workshop")
            await play(hers, his)

    asyncio.run(run())


def test_both_see_a_job_from_its_beginning_to_its_end(site: Site) -> None:
    async def play(hers: SocketClient, his: SocketClient) -> None:
        job = await submit(hers, "slow", steps=10, seconds=0.15, value="x")
        for client in (hers, his):
            await client.event(state(job["id"], "queued"))
            await client.event(state(job["id"], "running"))
            moved = await client.event("job.progress")
            assert (moved["job"], moved["room"], moved["attempt"]) == (job["id"], "workshop", 1)
            assert "seq" not in moved
            done = await client.event(state(job["id"], "succeeded"))
            said = await client.event("message.created")
            assert said["seq"] == done["seq"] + 1
            assert (said["message"]["kind"], said["message"]["job"]) == ("job", job["id"])
            assert said["message"]["body"] == "Done x"
            steps = [e["progress"]["current"] for e in client.events if e["type"] == "job.progress"]
            assert steps == sorted(steps) and len(steps) < 10, "a few a second, never back"
            assert done["job"]["progress"]["current"] == 10

    in_the_room(site, play)


def test_the_slash_command_and_its_mistakes(site: Site) -> None:
    async def play(hers: SocketClient, his: SocketClient) -> None:
        async def type_in(body: str) -> Event:
            return await hers.call("send", room="workshop", body=body, client_id=new_id())

        answer = await type_in('/job test.outcome outcome=ok value="two words"')
        assert answer["type"] == "job.accepted"
        done = await his.event(state(answer["job"]["id"], "succeeded"))
        assert done["job"]["result"]["value"] == "two words"
        for body, said in [
            ("/job", "room.report"),
            ("/job no.such", "no kind"),
            ("/job room.report days=x", "params/days"),
            ('/job room.report days="7', "not closed"),
            ("/jobs room.report", "/job"),
        ]:
            with pytest.raises(Refused) as refused:
                await type_in(body)
            assert said in str(refused.value), body
        assert (await type_in("//job"))["message"]["body"] == "/job"

    in_the_room(site, play)


def test_the_same_command_again_is_the_same_job(site: Site) -> None:
    async def play(hers: SocketClient, his: SocketClient) -> None:
        command: dict[str, Any] = {
            "room": "workshop",
            "kind": "test.outcome",
            "params": {"outcome": "ok"},
            "client_id": new_id(),
        }
        first = await hers.call("job.submit", **command)
        again = await hers.call("job.submit", **command)
        assert first["job"]["id"] == again["job"]["id"]

    in_the_room(site, play)


def test_cancel_and_retry_from_the_room(site: Site) -> None:
    async def play(hers: SocketClient, his: SocketClient) -> None:
        job = (await submit(hers, "slow", steps=1000, seconds=0.05))["id"]
        await his.event(state(job, "running"))
        with pytest.raises(Refused) as refused:
            await his.call("job.cancel", job=job)
        assert refused.value.code == "forbidden"
        assert (await hers.call("job.cancel", job=job))["type"] == "ok"
        await his.event(state(job, "cancelled"))
        since = his.mark()
        assert (await hers.call("job.retry", job=job))["type"] == "ok"
        await his.event(state(job, "running"), since=since)
        await hers.call("job.cancel", job=job)
        await his.event(state(job, "cancelled"), since=since)

    in_the_room(site, play)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "no.such"}, "invalid"),
        ({"kind": "room.report", "params": {"days": 0}}, "invalid"),
        ({"kind": "room.report", "params": []}, "invalid"),
        ({"kind": "room.report", "priority": 10}, "invalid"),
        ({"kind": "room.report", "client_id": "x"}, "invalid"),
        ({"kind": "room.report", "room": "nowhere"}, "not_found"),
        ({"kind": "room.report", "room": "vault"}, "not_found"),
        ({}, "invalid"),
    ],
)
def test_a_bad_command_is_refused_and_the_connection_lives(
    site: Site, fields: Event, code: str
) -> None:
    async def play(hers: SocketClient, his: SocketClient) -> None:
        command = {"room": "workshop", "client_id": new_id(), **fields}
        with pytest.raises(Refused) as refused:
            await his.call("job.submit", **command)
        assert refused.value.code == code
        for name in ("job.cancel", "job.retry"):
            with pytest.raises(Refused) as refused:
                await his.call(name, job=new_id())
            assert refused.value.code == "not_found"
        assert (await his.call("ping"))["type"] == "pong"

    in_the_room(site, play)
