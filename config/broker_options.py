"""How Kombu speaks to a broker, by its address. Pure; used by `settings`."""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from . import redis_url

CONNECT_SECONDS, READ_SECONDS = 2, 5


def has_ten_priorities(url: str) -> bool:
    """Whether the broker keeps all messages of a queue in order by itself."""
    return url.startswith(("redis", "sentinel"))


def is_amqp(url: str) -> bool:
    return url.startswith(("amqp", "pyamqp"))


def transport(url: str, given: str) -> dict[str, Any]:
    """`url` as Kombu has it, `given` as the environment has it, where a Sentinel's master is
    named."""
    if is_amqp(url):
        return {"read_timeout": READ_SECONDS, "write_timeout": READ_SECONDS}
    if not has_ten_priorities(url):
        return {}
    options: dict[str, Any] = {
        "queue_order_strategy": "priority",
        # Kombu's default has four steps for the ten priorities, and no order within one.
        "priority_steps": list(range(10)),
        "sep": ":",
        # A message is gone once a worker has it, and the sweeper sends another if need be. Kombu's
        # imitation of acknowledgements costs round trips, delivers long jobs twice, and ends the
        # whole worker when Redis goes away during a job (5.7).
        "ack_emulation": False,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": READ_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": 10,
        # Kombu sends messages in one round only where none is sent twice. One that got no answer is
        # rung for again by the sweeper.
        "retry_on_timeout": False,
    }
    if url.startswith("sentinel"):
        options["master_name"] = redis_url.sentinel_master(given)
        options["sentinel_kwargs"] = {
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": CONNECT_SECONDS,
            # There are others to be asked: redis-py would try one that is away for seconds, for
            # each connection.
            "retry": Retry(NoBackoff(), 0),
        }
    return options
