"""Two sites on one Redis, the database of one a copy of the other's: neither hears the other."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import until

pytestmark = pytest.mark.once
ROOM = "lobby"


@pytest.fixture(params=["pubsub", "core"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Site, Site]]:
    """All sites of the tests are copies of one database; the second says that it goes its own way.
    It has another number at Redis, of which Redis' bells know nothing."""
    layer = {"CHANNEL_LAYER": request.param}
    with Site(env=layer, parts=("web",)) as one:
        redis = f"unix://{one.folder / 'redis' / 'redis.sock'}"
        with Site(env={**layer, "REDIS_URL": f"{redis}?db=3"}, parts=()) as other:
            other.manage("restored", "--new-installation")
            other.web.start()
            for site in (one, other):
                site.room(ROOM, "alice", "bob")
            yield one, other


def test_nothing_of_a_site_is_heard_at_the_other(pair: tuple[Site, Site]) -> None:
    one, other = pair

    async def drill() -> None:
        ana = SocketClient(one.socket_url, one.user("alice").bearer)
        ben = SocketClient(one.socket_url, one.user("bob").bearer)
        bea = SocketClient(other.socket_url, other.user("bob").bearer)
        async with ana, ben, bea:
            heads = [(await each.subscribe(ROOM))["seq"] for each in (ana, ben, bea)]
            assert len(set(heads)) == 1, "the numbers go on as if it were one room"
            here = bea.mark()
            for number in range(3):
                sent = await ana.say(ROOM, f"secret {number}")
            await ana.tell("typing", room=ROOM)
            await ben.event("typing")
            await ben.caught_up(ROOM, sent["seq"])
            mine = await bea.say(ROOM, "mine")
            await bea.caught_up(ROOM, mine["seq"])
            assert mine["seq"] == heads[0] + 1
            assert bea.bodies(ROOM) == ["mine"]
            assert bea.bye is None
            told = {each["type"] for each in bea.events[here:]}
            assert not told & {"typing", "bye"}
            present = [each for each in bea.events if each["type"] == "presence"]
            assert all(len(each["present"]) == 1 for each in present)

    asyncio.run(drill())


def test_a_worker_does_not_take_the_jobs_of_the_other() -> None:
    with Site(parts=("web", "worker")) as one:
        redis = f"unix://{one.folder / 'redis' / 'redis.sock'}"
        with Site(env={"REDIS_URL": redis}, parts=()) as other:
            other.manage("restored", "--new-installation")
            other.web.start()
            other.room(ROOM, "alice")
            one.room(ROOM, "alice")

            def submit(site: Site) -> str:
                with site.api(site.user("alice")) as api:
                    asked = {"kind": "room.report", "room": ROOM, "params": {"days": 1}}
                    return str(api.post("/jobs", json=asked).raise_for_status().json()["id"])

            def state(site: Site, job: str) -> str:
                with site.api(site.user("alice")) as api:
                    return str(api.get(f"/jobs/{job}").json()["state"])

            theirs = submit(other)
            ours = submit(one)
            until(lambda: state(one, ours) == "succeeded", 60, "our job")
            assert state(other, theirs) == "queued"
            other.worker.start()
            until(lambda: state(other, theirs) == "succeeded", 60, "their job")
