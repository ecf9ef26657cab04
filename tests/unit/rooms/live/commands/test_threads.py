"""Database calls in threads: each is answered once, in whatever order, and none is left behind."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from rooms.live.commands.threads import DatabaseThreads


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@on_a_loop
async def test_every_call_is_answered_with_its_own_result_or_error() -> None:
    threads = DatabaseThreads(asyncio.get_running_loop(), 3)

    def call(number: int) -> int:
        if number % 5 == 0:
            raise ValueError(number)
        return number * number

    calls = [threads.run(call, number) for number in range(200)]
    found = await asyncio.gather(*calls, return_exceptions=True)
    for number, result in enumerate(found):
        if number % 5 == 0:
            assert isinstance(result, ValueError) and result.args == (number,)
        else:
            assert result == number * number
    await threads.stop()


@on_a_loop
async def test_a_slow_call_holds_up_no_other() -> None:
    threads = DatabaseThreads(asyncio.get_running_loop(), 2)
    release = threading.Event()
    slow = asyncio.ensure_future(threads.run(release.wait))
    assert [await threads.run(lambda: 1) for _ in range(20)] == [1] * 20
    assert not slow.done()
    release.set()
    await slow
    await threads.stop()


@on_a_loop
async def test_a_cancelled_call_does_not_begin() -> None:
    threads = DatabaseThreads(asyncio.get_running_loop(), 1)
    release = threading.Event()
    begun: list[int] = []
    first = asyncio.ensure_future(threads.run(release.wait))
    second = asyncio.ensure_future(threads.run(begun.append, 2))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    release.set()
    await first
    assert await threads.run(len, begun) == 0
    await threads.stop()


@on_a_loop
async def test_its_threads_end() -> None:
    before = set(threading.enumerate())
    threads = DatabaseThreads(asyncio.get_running_loop(), 4)
    await asyncio.gather(*(threads.run(int) for _ in range(8)))
    own = [each for each in threading.enumerate() if each.name == "live-db" and each not in before]
    assert len(own) == 4
    await threads.stop()
    assert not any(each.is_alive() for each in own)


def test_who_asks_while_they_end_is_refused_and_keeps_nobody_waiting() -> None:
    async def test() -> None:
        threads = DatabaseThreads(asyncio.get_running_loop(), 4)
        assert await threads.run(lambda: 7) == 7
        stopping = asyncio.ensure_future(threads.stop())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await threads.run(lambda: 7)
        await stopping

    asyncio.run(test())


@on_a_loop
async def test_an_answer_that_comes_too_late_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.PARLEY_LIMITS, "answer_seconds", 0.05)
    threads = DatabaseThreads(asyncio.get_running_loop(), 1)
    release = threading.Event()
    with pytest.raises(OperationalError):
        await threads.run(release.wait)
    # What waits behind it does not begin any more.
    begun: list[int] = []
    with pytest.raises(OperationalError):
        await threads.run(begun.append, 1)
    release.set()
    monkeypatch.setattr(settings.PARLEY_LIMITS, "answer_seconds", 60)
    assert await threads.run(len, begun) == 0
    await threads.stop()


@on_a_loop
async def test_a_calls_own_time_out_is_its_own() -> None:
    threads = DatabaseThreads(asyncio.get_running_loop(), 1)

    def call() -> None:
        raise TimeoutError("of the call")

    with pytest.raises(TimeoutError, match="of the call"):
        await threads.run(call)
    await threads.stop()
