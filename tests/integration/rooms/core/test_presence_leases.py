"""Leases against a real Redis: what several processes say makes one list, whatever gets lost."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from redis.asyncio import Redis

from rooms.core.presence_leases import NOBODY, PEOPLE_PER_SCRIPT, Leases, PresenceChange, prefix
from rooms.live.delivery.room_presence import RoomPresence
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.once

ROOM = 7


class Process:
    """One process's leases, and what it has of one room."""

    def __init__(self, url: str, lease_seconds: float = 60, most_names: int = 100) -> None:
        self.leases = Leases(url, lease_seconds, most_names)
        self.presence = RoomPresence(ROOM)

    async def say(self) -> None:
        """One exchange, and another one if Redis had forgotten something."""
        for _ in range(2):
            change = self.presence.change(PEOPLE_PER_SCRIPT)
            pictures, wrong = await self.leases.exchange([change])
            self.presence.written(change)
            self.presence.picture = pictures.get(ROOM, self.presence.picture)
            if not wrong:
                return
            self.presence.write_whole()

    async def sees(self) -> dict[int, str] | int:
        pictures, _ = await self.leases.exchange([PresenceChange(ROOM, "none")])
        return pictures.get(ROOM, NOBODY).people


def with_redis(url: str, test: Callable[[Redis], Coroutine[Any, Any, None]]) -> None:
    """Run `test` on an empty Redis, and leave it so."""

    async def whole() -> None:
        client = Redis.from_url(url, decode_responses=True)
        try:
            await client.flushall()
            await test(client)
        finally:
            await client.flushall()
            await client.aclose()

    asyncio.run(whole())


async def close(*processes: Process) -> None:
    for each in processes:
        await each.leases.close()


def test_a_person_in_two_processes_is_one_and_stays_until_both_say_otherwise(
    real_redis: str,
) -> None:
    async def test(client: Redis) -> None:
        one, two = Process(real_redis), Process(real_redis)
        one.presence.arrive(1, "Ana")
        two.presence.arrive(1, "Ana")
        two.presence.arrive(2, "Ben: the\nsecond")
        await one.say()
        await two.say()
        assert await one.sees() == {1: "Ana", 2: "Ben: the\nsecond"}
        one.presence.depart(1)
        await one.say()
        assert await one.sees() == {1: "Ana", 2: "Ben: the\nsecond"}
        two.presence.depart(1)
        await two.say()
        assert await one.sees() == {2: "Ben: the\nsecond"}
        await close(one, two)

    with_redis(real_redis, test)


def test_only_a_list_that_reads_differently_has_a_new_version(real_redis: str) -> None:
    async def test(client: Redis) -> None:
        one, two = Process(real_redis), Process(real_redis)
        one.presence.arrive(1, "Ana")
        await one.say()
        before = one.presence.picture
        two.presence.arrive(1, "Ana")
        await two.say()
        await one.say()
        assert one.presence.picture is before and two.presence.picture.version == before.version
        two.presence.arrive(2, "Ben")
        await two.say()
        await one.say()
        assert one.presence.picture.people == {1: "Ana", 2: "Ben"}
        assert float(one.presence.picture.version) > float(before.version)
        await close(one, two)

    with_redis(real_redis, test)


def test_above_a_number_of_people_there_is_only_the_number(real_redis: str) -> None:
    async def test(client: Redis) -> None:
        one = Process(real_redis, most_names=3)
        for user_id in range(1, 5):
            one.presence.arrive(user_id, f"Person {user_id}")
        await one.say()
        assert await one.sees() == 4
        one.presence.depart(4)
        await one.say()
        assert await one.sees() == {n: f"Person {n}" for n in (1, 2, 3)}
        await close(one)

    with_redis(real_redis, test)


def test_what_an_expired_lease_held_is_taken_back_by_another(real_redis: str) -> None:
    async def test(client: Redis) -> None:
        dead, alive = Process(real_redis, lease_seconds=0.1), Process(real_redis)
        many = PEOPLE_PER_SCRIPT + 10
        for user_id in range(many):
            dead.presence.arrive(user_id, "Somebody")
        alive.presence.arrive(0, "Somebody")
        await dead.say()
        while dead.presence.unwritten:
            await dead.say()
        await alive.say()
        assert await alive.sees() == many
        moved: list[tuple[int, str]] = []

        async def taken_back() -> bool:
            moved.extend((await alive.leases.take_back_expired())[1])
            return await alive.sees() == {0: "Somebody"}

        await until(taken_back)
        assert {room_id for room_id, _ in moved} == {ROOM}
        assert await alive.leases.take_back_expired() == (False, [])
        assert not [key async for key in client.scan_iter(f"{prefix()}*{dead.leases.process}*")]
        await close(dead, alive)

    with_redis(real_redis, test)


def test_a_process_whose_lease_was_taken_by_mistake_writes_itself_again(real_redis: str) -> None:
    async def test(client: Redis) -> None:
        slow, other = Process(real_redis, lease_seconds=0.05), Process(real_redis)
        slow.presence.arrive(1, "Ana")
        await slow.say()

        async def taken_back() -> bool:
            return bool((await other.leases.take_back_expired())[1])

        await until(taken_back)
        assert await other.sees() == {}
        slow.presence.arrive(2, "Ben")
        await slow.say()
        assert await slow.sees() == {1: "Ana", 2: "Ben"}
        await close(slow, other)

    with_redis(real_redis, test)


def test_what_is_given_back_leaves_nothing(real_redis: str) -> None:
    async def test(client: Redis) -> None:
        one = Process(real_redis)
        for user_id in range(PEOPLE_PER_SCRIPT + 10):
            one.presence.arrive(user_id, "Somebody")
        while one.presence.unwritten:
            await one.say()
        moved = await one.leases.release()
        assert {room_id for room_id, _ in moved} == {ROOM}
        assert not [key async for key in client.scan_iter(f"{prefix()}*")]
        await close(one)

    with_redis(real_redis, test)


def test_every_key_goes_by_itself_when_all_processes_are_gone(real_redis: str) -> None:
    async def test(client: Redis) -> None:
        one = Process(real_redis)
        one.presence.arrive(1, "Ana")
        await one.say()
        keys = [key async for key in client.scan_iter(f"{prefix()}*")]
        assert len(keys) == 4
        assert all([await client.ttl(key) > 0 for key in keys])
        await close(one)

    with_redis(real_redis, test)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_the_list_is_in_the_end_who_is_there(real_redis: str, seed: int) -> None:
    """People come and go in three processes; Redis forgets all, or a part; answers get lost."""
    chance = random.Random(seed)

    async def test(client: Redis) -> None:
        processes = [Process(real_redis) for _ in range(3)]
        for _ in range(200):
            process = chance.choice(processes)
            user_id = chance.randrange(6)
            match chance.choice(["arrive", "arrive", "depart", "say", "say", "lost", "forget"]):
                case "arrive":
                    process.presence.arrive(user_id, f"Person {user_id}")
                case "depart" if user_id in process.presence.here:
                    process.presence.depart(user_id)
                case "say":
                    await process.say()
                case "lost":
                    # Redis has done it, and the process does not know.
                    await process.leases.exchange([process.presence.change(PEOPLE_PER_SCRIPT)])
                case "forget" if chance.random() < 0.2:
                    if chance.random() < 0.5:
                        await client.flushall()
                    else:
                        await process.leases.release()
        for process in processes * 2:
            await process.say()
        there = {user_id for process in processes for user_id in process.presence.here}
        for process in processes:
            assert process.presence.picture.people == {n: f"Person {n}" for n in there}
        await close(*processes)

    with_redis(real_redis, test)
