"""The event loop of a process, on which kinds that are `async def` run. Made by `crew` at the first
such job; called by `runner`.

The thread that has taken the job waits here for its coroutine: a job takes a slot of its pool
however it is written. Whoever stops a job cancels its task, on every pool.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from time import monotonic
from typing import Any

from asgiref.sync import sync_to_async

from . import surroundings
from .interruption import Interruption, InterruptWindow

# For a coroutine to tidy up when its process has been told to exit.
TIDY_SECONDS = 2.0
# Who was cancelled is not cancelled again while it tidies up, unless it takes longer.
CANCEL_AGAIN_SECONDS = 1.0


class CoroutineWindow(InterruptWindow):
    """When a coroutine may be interrupted: whenever it awaits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._forceable = False
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self._cancelled_at: float | None = None

    def ask(self, reason: type[Interruption]) -> None:
        super().ask(reason)
        if self._cancelled_at is None:
            self.cancel()

    def force(self) -> None:
        """What swallowed the first cancelling gets another one."""
        now = monotonic()
        if self._cancelled_at is None or now - self._cancelled_at > CANCEL_AGAIN_SECONDS:
            self.cancel()

    def cancel(self) -> None:
        self._cancelled_at = monotonic()
        self._loop.call_soon_threadsafe(self._cancel)

    def begun(self, task: "asyncio.Task[Any] | None") -> None:
        """On the loop: `task` may be cancelled from now on, until it is None."""
        self._task = task
        if task is not None and self.wanted is not None:
            task.cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


class EventLoop:
    """The loop and its thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._closing: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="kinds", daemon=True)
        self._thread.start()

    def window(self) -> CoroutineWindow:
        return CoroutineWindow(self.loop)

    def run(self, work: Coroutine[Any, Any, Any], window: CoroutineWindow) -> Any:
        """Wait for a coroutine; raises what it raises, or what interrupted it."""
        future = asyncio.run_coroutine_threadsafe(_outcome(work, window), self.loop)
        try:
            value, error = future.result()
        except BaseException:
            # This thread has been told to exit, or is not waited for any more.
            window.cancel()
            concurrent.futures.wait([future], TIDY_SECONDS)
            raise
        finally:
            self.loop.call_soon_threadsafe(self._let_go)
        if isinstance(error, asyncio.CancelledError):
            window.check()
        if error is not None:
            raise error
        return value

    def stop(self) -> None:
        """Once no job is under way any more."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(TIDY_SECONDS)

    def _run(self) -> None:
        self.loop.run_forever()
        if self._closing:
            self.loop.run_until_complete(asyncio.wait(self._closing))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _let_go(self) -> None:
        """Give back the one connection that Django's asynchronous queries share. Not waited for: a
        query of another job may be under way on it."""
        closing = self.loop.create_task(sync_to_async(surroundings.close_connections)())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _outcome(
    work: Coroutine[Any, Any, Any], window: CoroutineWindow
) -> tuple[Any, BaseException | None]:
    """Nothing is raised into the loop: SystemExit would end it, and with it everybody's jobs."""
    task = asyncio.current_task()
    window.begun(task)
    try:
        return await work, None
    except BaseException as error:
        return None, error
    finally:
        window.begun(None)
