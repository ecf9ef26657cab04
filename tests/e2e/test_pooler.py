"""Behind PgBouncer in transaction mode: people talk, and jobs read with cursors."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support import pgbouncer, postgres
from tests.support.client import SocketClient
from tests.support.own_server import sites_on
from tests.support.site import Site
from tests.support.waiting import until

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(300)]


@pytest.fixture
def pooled() -> Iterator[Site]:
    with (
        postgres.cluster() as server,
        pgbouncer.in_front_of(server, size=3) as url,
        sites_on(server),
        Site(parts=()) as site,
    ):
        head, _, _ = url.rpartition("/")
        site.env["DATABASE_URL"] = f"{head}/{site.database_name}"
        site.env["DATABASE_POOLER"] = "transaction"
        for part in (site.web, site.worker, site.beat):
            part.launch()
        for part in (site.web, site.worker, site.beat):
            part.wait_ready()
        yield site


def test_talk_and_jobs_behind_a_pooler_by_transactions(pooled: Site) -> None:
    room = pooled.room("pooled", "alice", "bob")
    alice = pooled.user("alice")
    said = asyncio.run(talk(pooled, room))
    assert said == 60
    with pooled.api(alice) as api:
        jobs = []
        for _ in range(6):
            answer = api.post("/jobs", json={"kind": "room.digest", "params": {}, "room": room})
            assert answer.status_code == 202, answer.text
            jobs.append(answer.json()["id"])

        def ended() -> list[dict[str, object]]:
            found = [api.get(f"/jobs/{job}").json() for job in jobs]
            final = {"succeeded", "failed", "cancelled"}
            return found if all(each["state"] in final for each in found) else []

        for job in until(ended, 90, "all jobs have ended"):
            assert job["state"] == "succeeded", job
            attempts = job["attempts"]
            assert (len(attempts) if isinstance(attempts, list) else attempts) == 1, job


async def talk(site: Site, room: str) -> int:
    async with (
        SocketClient(site.socket_url, site.user("alice").bearer) as alice,
        SocketClient(site.socket_url, site.user("bob").bearer) as bob,
    ):
        await alice.subscribe(room)
        await bob.subscribe(room)
        sent = await asyncio.gather(
            *[client.say(room, f"message {n}") for client in (alice, bob) for n in range(30)]
        )
        await bob.caught_up(room, max(each["seq"] for each in sent))
        return len(bob.bodies(room))
