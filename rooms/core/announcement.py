"""Each web process says in Redis which database its installation has, and finds out whether another
one says so, too: a copy that was started without `manage.py restored --new-installation`. Then the
two hear each other, and a bell of the one is about the other's rooms.

Called by `live.node`. It only warns: nobody knows which of them is meant to stay.
"""

import asyncio
import logging
import socket
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from redis.asyncio import Redis

from .installation import redis_prefix

logger = logging.getLogger(__name__)

EVERY_SECONDS = 30.0
# A database that was not named for this long has no web process any more.
FORGOTTEN_SECONDS = 100
REDIS_TIMEOUT_SECONDS = 2.0


def database() -> str:
    """What tells this database from a copy of it: where the file is; the cluster that it is in and
    its name, which stay when a standby takes over."""
    if connection.vendor == "sqlite":
        return f"{socket.gethostname()}:{Path(connection.settings_dict['NAME']).resolve()}"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT system_identifier::text, current_database() FROM pg_control_system()"
            )
            return "/".join(cursor.fetchone())
    except DatabaseError:
        # Not everybody may ask that everywhere.
        there = connection.settings_dict
        return f"{there['HOST']}:{there['PORT']}/{there['NAME']}"


async def announce(redis: Redis, name: str) -> set[str]:
    """Say that `name` is the installation's database. Returns the others that were said to be."""
    key = f"{redis_prefix()}:databases"
    seconds, _ = await redis.time()
    async with redis.pipeline() as pipe:
        pipe.zadd(key, {name: seconds})
        pipe.zremrangebyscore(key, "-inf", seconds - FORGOTTEN_SECONDS)
        pipe.expire(key, FORGOTTEN_SECONDS)
        pipe.zrange(key, 0, -1)
        found = (await pipe.execute())[-1]
    return set(found) - {name}


async def keep_announcing(name: str) -> None:
    """Until cancelled. Never raises."""
    warned: set[str] = set()
    redis = Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        decode_responses=True,
    )
    try:
        while True:
            try:
                for other in await announce(redis, name) - warned:
                    warned.add(other)
                    logger.warning(
                        "Another database is announced as this installation: %s. If one of the two"
                        " is a copy, stop its parts, run `manage.py restored --new-installation`"
                        " there, and start them again.",
                        other,
                    )
            except Exception as error:
                logger.debug("Redis was not told of the database: %r", error)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        await redis.aclose()
