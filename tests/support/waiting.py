"""Waiting for a condition, never for a time. `TEST_TIMEOUT_SCALE` stretches every limit."""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

SCALE = float(os.environ.get("TEST_TIMEOUT_SCALE", "1"))
POLL_SECONDS = 0.02


class TookTooLong(AssertionError):
    pass


def until(condition: Callable[[], T], timeout: float = 15, what: str = "") -> T:
    """Poll `condition` until it is true; returns what it returned."""
    end = time.monotonic() + timeout * SCALE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TookTooLong(
                f"not within {timeout * SCALE:.0f} s: {what or condition!r} (last: {value!r})"
            )
        time.sleep(POLL_SECONDS)


@overload
async def until_async(
    condition: Callable[[], Awaitable[T]], timeout: float = 15, what: str = ""
) -> T: ...
@overload
async def until_async(condition: Callable[[], T], timeout: float = 15, what: str = "") -> T: ...
async def until_async(condition: Callable[[], Any], timeout: float = 15, what: str = "") -> Any:
    """The same on an event loop; `condition` may be a coroutine function."""
    end = time.monotonic() + timeout * SCALE
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise TookTooLong(
                f"not within {timeout * SCALE:.0f} s: {what or condition!r} (last: {value!r})"
            )
        await asyncio.sleep(POLL_SECONDS)
