"""Redis: there, of the right kind, and with a clock like ours; and what Parley keeps in it, written
and read."""

import asyncio
from collections.abc import Iterator
from time import time
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from rooms.core import announcement
from rooms.core.installation import redis_prefix
from rooms.core.presence_leases import Leases, PresenceChange
from rooms.doctor.findings import Observation, Probe, good, register, wrong
from rooms.doctor.verdicts import database as clocks
from rooms.doctor.verdicts import redis_server as verdicts
from rooms.limits import limits

ANSWER_SECONDS = 3.0
TODO = "Start it, mend REDIS_URL, or see what keeps this machine from it."
# No room has this number.
NO_ROOM, NOBODY = 0, 0


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def reachable() -> Iterator[Observation]:
    which = "the embedded one" if settings.REDIS_EMBEDDED else "that of REDIS_URL"
    todo = "Start manage.py redis, or set REDIS_URL." if settings.REDIS_EMBEDDED else TODO
    try:
        client(settings.REDIS_URL).ping()
    except redis.AuthenticationError as error:
        yield wrong("Redis", f"{which} does not let us in: {error}", "Mend its user and password.")
    except (redis.RedisError, OSError) as error:
        yield wrong("Redis", f"{which} does not answer: {error}", todo)
    else:
        yield good("Redis", f"{which} answers")


def kind(url: str) -> Iterator[Observation]:
    """Of any Redis that Parley uses."""
    server: Any = client(url)
    try:
        policy = server.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.ResponseError:
        policy = None
    yield from verdicts.server(server.info(), policy)
    before = time()
    seconds, micros = server.time()
    yield clocks.clock("Redis", seconds + micros / 1e6 - (before + time()) / 2)


def presence() -> Iterator[Observation]:
    """Who is where: somebody is put down and taken away, in a room that there is not."""
    yield from asyncio.run(_presence())


async def _presence() -> list[Observation]:
    leases = Leases(settings.REDIS_URL, limits().presence_lease_seconds, 1)
    here = PresenceChange(NO_ROOM, known="", here={NOBODY: "doctor"}, left=[], whole=False, held=1)
    try:
        pictures, differing = await leases.exchange([here])
    finally:
        await leases.release()
        await leases.close()
    if differing or NO_ROOM not in pictures:
        todo = "Does something else write to this Redis, or empty it?"
        return [wrong("Presence", "what was written was not there afterwards", todo)]
    return [good("Presence", "written and read")]


def web_processes() -> Iterator[Observation]:
    """They say there every half minute which database they have."""
    server: Any = client(settings.REDIS_URL)
    seconds, _ = server.time()
    since = seconds - announcement.FORGOTTEN_SECONDS
    names = set(server.zrangebyscore(f"{redis_prefix()}:databases", since, "+inf"))
    yield verdicts.announced(announcement.database(), names)


register(
    Probe("redis", "Redis", reachable),
    Probe("redis-kind", "Redis", lambda: kind(settings.REDIS_URL), needs=("redis",)),
    Probe("presence", "Redis", presence, needs=("migrations", "redis")),
    Probe("web", "Redis", web_processes, needs=("migrations", "redis")),
)
