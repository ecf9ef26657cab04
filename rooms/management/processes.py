"""Runs some processes as one: their output in one stream, all of them ended together.

Used by `up`. Every process gets a session of its own, so that Ctrl-C in the terminal reaches this
one alone and the order of stopping is ours.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rooms.core.process_stops import StopRequests, how_it_ended

from . import guard

# A part that dies again and again is broken: it is not started for a fourth time in a minute.
MOST_DEATHS, DEATHS_WITHIN_SECONDS = 3, 60.0
LONGEST_LINE_BYTES = 64 * 1024
COLOURS = (36, 33, 35, 32, 34, 31)


class Stopped(Exception):
    """Somebody asked for the end."""


class Broken(Exception):
    """A part cannot run, in words for the terminal."""


@dataclass
class Part:
    """One process. `ready` is a pattern of the line by which it says that it is ready; `stop` are
    the signals that ask it to end, each with the seconds that it is given."""

    name: str
    command: list[str]
    ready: str | None = None
    stop: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 10.0),)
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    deaths: deque[float] = field(default_factory=deque, init=False)
    colour: int = field(default=0, init=False)

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


class ProcessGroup:
    """Starts parts and keeps them running. An async context manager: leaving it ends them all, in
    the opposite order of their starting."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[Part] = []
        self.stopping = False
        self._stops = StopRequests()
        self._asked = asyncio.Event()
        self._broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._watches: list[asyncio.Task[None]] = []
        self._relays: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "ProcessGroup":
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ask)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stopping = True
        *others, first = reversed(self.parts) if self.parts else [None]
        try:
            await asyncio.gather(*(self._end(part) for part in others if part))
            if first is not None:
                await self._end(first)
            if self._relays:
                await asyncio.wait(self._relays, timeout=1.0)
        finally:
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            self._guard.wait()

    # Starting -----------------------------------------------------------------------------------

    async def start(self, part: Part) -> None:
        """Start a part and see to it from now on."""
        part.colour = COLOURS[len(self.parts) % len(COLOURS)]
        self.parts.append(part)
        await self._spawn(part)
        self._watches.append(asyncio.create_task(self._watch(part)))

    async def once(self, part: Part) -> None:
        """Run something to its end. Raises Broken when it fails."""
        await self._spawn(part)
        assert part.process is not None
        part_ended = asyncio.ensure_future(part.process.wait())
        try:
            await self.wait_for(part_ended)
        finally:
            part.signal(signal.SIGKILL)
            self._forget(part.process.pid)
        if part.process.returncode:
            raise Broken(f"{part.name} failed: {how_it_ended(part.process.returncode)}.")

    async def _spawn(self, part: Part) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **part.environment}
        part.process = await asyncio.create_subprocess_exec(
            *part.command,
            cwd=self.folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._tell_guard(f"+{part.process.pid}")
        relay = asyncio.create_task(self._relay(part, part.process))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _watch(self, part: Part) -> None:
        """Start a part again when it dies. The parts are made to survive that; a part that
        cannot live at all is an end with an error, and so is one that dies before it was ready."""
        while True:
            assert part.process is not None
            code = await part.process.wait()
            # What it had started goes with it.
            self._forget(part.process.pid)
            if self.stopping or self._asked.is_set():
                return
            now = time.monotonic()
            part.deaths.append(now)
            while part.deaths and now - part.deaths[0] > DEATHS_WITHIN_SECONDS:
                part.deaths.popleft()
            text = f"{part.name} ended: {how_it_ended(code)}"
            if not part.is_ready.is_set() or len(part.deaths) > MOST_DEATHS:
                if not self._broken.done():
                    self._broken.set_result(f"{text}. Stopping everything.")
                return
            say(f"{text}. Starting it again.")
            await asyncio.sleep(0.5)
            if not self.stopping:
                await self._spawn(part)

    # Waiting ------------------------------------------------------------------------------------

    async def ready(self, part: Part, within: float) -> None:
        """Until the part has said that it is ready."""
        try:
            async with asyncio.timeout(within):
                await self.wait_for(asyncio.ensure_future(part.is_ready.wait()))
        except TimeoutError:
            raise Broken(f"{part.name} was not ready within {within:.0f} seconds.") from None

    async def until(self, part: Part, check: Callable[[], Awaitable[bool]], within: float) -> None:
        """Until `check` says that the part is ready."""

        async def poll() -> None:
            while not await check():
                await asyncio.sleep(0.05)
            part.is_ready.set()

        try:
            async with asyncio.timeout(within):
                await self.wait_for(asyncio.ensure_future(poll()))
        except TimeoutError:
            raise Broken(f"{part.name} was not ready within {within:.0f} seconds.") from None

    async def wait_for(self, work: "asyncio.Future[Any]") -> None:
        """Until `work` is done. Raises Stopped or Broken when one of these comes first."""
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({work, asked, self._broken}, return_when="FIRST_COMPLETED")
            if self._asked.is_set():
                raise Stopped
            if self._broken.done():
                raise Broken(self._broken.result())
            work.result()
        finally:
            asked.cancel()
            work.cancel()

    async def forever(self) -> None:
        """Until somebody asks for the end (Stopped) or a part cannot be kept (Broken)."""
        await self.wait_for(asyncio.get_running_loop().create_future())

    # Ending -------------------------------------------------------------------------------------

    def _ask(self) -> None:
        now = time.monotonic()
        if not self._stops.is_first(now) and self._stops.is_impatient(now):
            say("Ending everything at once.")
            for part in self.parts:
                if part.process is not None and part.process.returncode is None:
                    kill_group(part.process.pid)
        self._asked.set()

    async def _end(self, part: Part) -> None:
        process = part.process
        if process is None:
            return
        for number, seconds in part.stop:
            part.signal(number)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), seconds)
            if process.returncode is not None:
                break
        self._forget(process.pid)
        await process.wait()

    def _forget(self, pid: int) -> None:
        kill_group(pid)
        self._tell_guard(f"-{pid}")

    def _tell_guard(self, line: str) -> None:
        assert self._guard.stdin is not None
        with suppress(OSError, ValueError):
            self._guard.stdin.write(f"{line}\n")
            self._guard.stdin.flush()

    # Output -------------------------------------------------------------------------------------

    async def _relay(self, part: Part, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = b""
        while chunk := await process.stdout.read(LONGEST_LINE_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._show(part, line.decode(errors="replace").rstrip())
        if rest:
            self._show(part, rest.decode(errors="replace").rstrip())

    def _show(self, part: Part, line: str) -> None:
        if part.ready is not None and re.search(part.ready, line):
            part.is_ready.set()
        if line:
            say(line, part.name, part.colour)


def kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def say(line: str, name: str = "up", colour: int = 0) -> None:
    """One line on the terminal, with who says it."""
    label = f"{name:<6} |"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        label = f"\033[{colour or 1}m{label}\033[0m"
    with suppress(OSError, ValueError):
        print(label, line, flush=True)
