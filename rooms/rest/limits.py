"""How often REST may be called: a budget of each person over all processes, and one of each address
for calls that prove nothing.

A budget is a bucket that holds `requests_burst` calls and gets `requests_per_second` back. All that
is kept of it is when it will be full again: in Redis, by Redis' own clock, in one step. While Redis
is away each process counts alone; nobody is refused for that reason, and nobody waits for Redis
more than once in `REDIS_AWAY_SECONDS`.

Called by `authentication`, and by `problems` for what was not authenticated; the middleware there
puts `headers` on every answer. An operation may have a bound of its own told beside: `tell_quota`.
"""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from redis.backoff import NoBackoff
from redis.retry import Retry

from rooms.core.installation import redis_prefix
from rooms.core.outages import Outage
from rooms.http import request_address
from rooms.http.client_address import network_of
from rooms.limits import limits
from rooms.protocol import RateLimited

logger = logging.getLogger(__name__)
_uncounted = Outage(logger, "Calls are counted by each process alone")

# No call waits longer for Redis. After a failure Redis is left alone for `REDIS_AWAY_SECONDS`.
REDIS_TIMEOUT_SECONDS = 0.25
REDIS_AWAY_SECONDS = 2.0
# Buckets that a process keeps by itself. The one that was used longest ago goes first.
MOST_LOCAL_BUCKETS = 10_000

# KEYS[1]: the bucket. ARGV: seconds that a call takes to come back, and seconds of a whole bucket.
# A bucket that is fuller than full was written before Redis' clock was set back.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local each, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local used = tonumber(redis.call('GET', KEYS[1]) or '0') - now
if used < 0 or used > whole + each then used = 0 end
if used + each > whole + 0.000001 then return {0, tostring(used)} end
used = used + each
redis.call('SET', KEYS[1], string.format('%.6f', now + used), 'PX', math.ceil(used * 1000))
return {1, tostring(used)}
"""


def prefix() -> str:
    """What the names of all buckets begin with."""
    return f"{redis_prefix()}:rest:"


@dataclass(frozen=True)
class Budget:
    """What is left after a call. `used` is how many seconds the bucket takes to be full again."""

    allowed: bool
    used: float
    per_second: float
    burst: int

    @property
    def left(self) -> int:
        return max(0, int(self.burst - self.used * self.per_second + 1e-6))

    @property
    def wait(self) -> float:
        """Seconds until the next call is let through."""
        return max(0.0, self.used + (1 - self.burst) / self.per_second)

    def headers(self) -> dict[str, str]:
        """As the IETF's draft has them, draft-ietf-httpapi-ratelimit-headers."""
        window = max(1, ceil(self.burst / self.per_second))
        return {
            "RateLimit-Policy": f'"requests";q={self.burst};w={window}',
            "RateLimit": f'"requests";r={self.left};t={ceil(self.used)}',
        }


@dataclass(frozen=True)
class Quota:
    """What else bounds a caller, beside their calls: how many of something there may be at a time,
    how many more may come, and in how many seconds there is room again."""

    name: str
    most: int
    left: int
    seconds: float

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.most};qu="concurrent-requests"',
            "RateLimit": f'"{self.name}";r={self.left};t={ceil(self.seconds)}',
        }


class OwnBuckets:
    """Those of this process, for as long as Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, each: float, whole: float, now: float) -> tuple[bool, float]:
        with self._lock:
            used = max(0.0, self._full_at.pop(key, 0.0) - now)
            used = min(used, whole)
            allowed = used + each <= whole + 1e-6
            if allowed:
                used += each
            self._full_at[key] = now + used
            if len(self._full_at) > MOST_LOCAL_BUCKETS:
                self._full_at.popitem(last=False)
            return allowed, used


_own = OwnBuckets()
_away_until = 0.0


@cache
def _script() -> Any:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return client.register_script(_TAKE)


def take(key: str) -> Budget:
    """One call of `key`, which names a person or an address."""
    global _away_until
    per_second, burst = limits().requests_per_second, limits().requests_burst
    each, whole, now = 1 / per_second, burst / per_second, time.monotonic()
    if now >= _away_until:
        try:
            allowed, used = _script()(keys=[prefix() + key], args=[each, whole])
            _uncounted.over()
            return Budget(bool(allowed), float(used), per_second, burst)
        except (redis.RedisError, OSError) as error:
            _away_until = now + REDIS_AWAY_SECONDS
            _uncounted.failed(repr(error))
    allowed, used = _own.take(key, each, whole, now)
    return Budget(allowed, used, per_second, burst)


# Requests -----------------------------------------------------------------------------------------


def spend(request: HttpRequest, user_id: int) -> None:
    """A call of somebody who has proved who they are. Raises RateLimited."""
    _require(request, take(f"user:{user_id}"))


def spend_unknown(request: HttpRequest) -> None:
    """A call that has proved nothing. A valid token from the same address is not held up by it."""
    address = network_of(request_address.of_request(request))
    _require(request, take(f"address:{address}"))


def _require(request: HttpRequest, budget: Budget) -> None:
    request.rest_budget = budget  # type: ignore[attr-defined]
    if not budget.allowed:
        raise RateLimited(f"At most {budget.per_second:g} calls a second.", budget.wait)


def tell_quota(request: HttpRequest, quota: Quota) -> None:
    """Have the answer say so, whether it is a refusal or not."""
    request.rest_quota = quota  # type: ignore[attr-defined]


def add_headers(request: HttpRequest, answer: HttpResponseBase) -> None:
    for attribute in ("rest_budget", "rest_quota"):
        bound: Budget | Quota | None = getattr(request, attribute, None)
        if bound is not None:
            for name, value in bound.headers().items():
                answer[name] = f"{answer[name]}, {value}" if name in answer else value
