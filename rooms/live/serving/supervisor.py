"""The web processes behind one listening socket: `manage.py serve --processes N`, one by default.

The parent listens and lets its children accept. It starts a child again that died or whose event
loop stands still, renews all of them one after the other on SIGHUP, and ends them together on
SIGTERM or SIGINT. It takes part in nothing else, and knows neither Django nor an event loop: what
makes a child stand still, be it code that never gives up the interpreter's lock, does not reach it.

Run as `python -m rooms.live.serving.supervisor`, by `manage.py serve`. A child is `python -m
rooms.live`, to which a link is left open: the child's event loop writes a sign of life to it each
second, another one once the child is ready, and it ends when the parent's side of it is gone,
however the parent went.
"""

from __future__ import annotations

import argparse
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rooms.core.process_stops import StopRequests, how_it_ended

from . import service_manager
from .listen_socket import listen

logger = logging.getLogger("rooms.live.serving.supervisor")

# A child that dies within this is started again after a pause that doubles, up to a bound.
QUICK_DEATH_SECONDS = 10.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
# Quick deaths in a row after which the supervisor gives up, when no child is ready.
MOST_QUICK_DEATHS = 5
# A successor that is not ready within this is given up; the old process stays.
START_SECONDS = 60.0
# Children drain within their own time; after this much more they are killed.
GRACE_SECONDS = 5.0
# Signs of life: what a child's event loop writes each second.
SIGN_SECONDS = 1.0
ALIVE, READY = b".", b"+"
# A child that stands still is asked where, and killed after this.
DUMP_SECONDS = 1.0
# What a dead child has counted is taken over after this, when somebody is just reading it.
READ_SECONDS = 1.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(eq=False)
class Child:
    """One web process. `number` is its place among them, which a successor takes over."""

    number: int
    process: subprocess.Popen[bytes]
    link: socket.socket
    started: float
    ready: bool = False
    # For how long no sign of life has come, and whether one ever has.
    silent: float = 0.0
    heard: bool = False
    # Set once it was found standing still: when it is killed.
    given_up: float | None = None
    # Set once it has been told to go: when it is killed.
    until: float | None = None

    @property
    def name(self) -> str:
        return f"web {self.number} (process {self.process.pid})"


class Supervisor:
    def __init__(
        self,
        listening: socket.socket,
        command: list[str],
        count: int,
        drain_seconds: float,
        silence_seconds: float,
    ) -> None:
        self._listening = listening
        self._command = command
        self._numbers = range(1, count + 1)
        self._drain_seconds = drain_seconds
        # 0 lets children be silent.
        self._silence_seconds = silence_seconds
        self._looked_at = time.monotonic()
        self._children: list[Child] = []
        self._due = dict.fromkeys(self._numbers, 0.0)
        self._quick_deaths = dict.fromkeys(self._numbers, 0)
        self._renewing: list[int] = []
        # Process numbers of the dead whose counts are not taken over yet.
        self._dead_processes: list[int] = []
        self._successor: Child | None = None
        self._stops = StopRequests()
        self._ending = False
        self._served = False
        self._code = 0
        self._selector = selectors.DefaultSelector()
        self._wake, waker = socket.socketpair()
        self._wake.setblocking(False)
        waker.setblocking(False)
        self._waker = waker
        self._selector.register(self._wake, selectors.EVENT_READ)

    def run(self) -> int:
        """Run until asked to end or until it gives up. Returns the exit code."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            # The number comes through the wake-up socket; the handler only has to be there.
            signal.signal(number, lambda *_: None)
        while not self._ending or self._children:
            self._start_due()
            self._renew()
            self._wait()
            self._look_for_silence()
            self._reap()
            self._dead_processes = [each for each in self._dead_processes if not taken_over(each)]
            self._kill_overdue()
        logger.info("Everybody has ended.")
        return self._code

    # Waiting -------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Until a signal comes, a child says that it is ready, or something is due."""
        times = [*self._due.values(), time.monotonic() + SIGN_SECONDS]
        for child in self._children:
            times += [each for each in (child.until, child.given_up) if each is not None]
        if self._successor is not None and not self._successor.ready:
            times.append(self._successor.started + START_SECONDS)
        if self._dead_processes:
            times.append(time.monotonic() + READ_SECONDS)
        timeout = max(0.0, min(times) - time.monotonic())
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._wake:
                for number in self._wake.recv(4096):
                    self._take_signal(number)
            elif said := key.data.link.recv(4096):
                self._hear(key.data, said)
            else:
                self._selector.unregister(key.data.link)

    def _hear(self, child: Child, said: bytes) -> None:
        child.silent = 0.0
        child.heard = True
        if READY in said and not child.ready:
            child.ready = True
            logger.info("%s is ready", child.name)
            if not self._served:
                self._served = True
                service_manager.tell(service_manager.READY)

    def _look_for_silence(self) -> None:
        """A parent that stood still itself, with its whole machine, has not listened meanwhile: it
        counts no more than a moment of that against its children."""
        now = time.monotonic()
        passed = min(now - self._looked_at, 2 * SIGN_SECONDS)
        self._looked_at = now
        service_manager.tell(service_manager.ALIVE)
        if not self._silence_seconds:
            return
        for child in self._children:
            if child.until is not None or child.given_up is not None:
                continue
            child.silent += passed
            # Until its loop runs it cannot say anything.
            allowed = self._silence_seconds
            if child.silent > (allowed if child.heard else max(allowed, START_SECONDS)):
                logger.error(
                    "%s stands still: no sign of life for %.0f seconds. It is killed and started"
                    " again; where it stands is written below.",
                    child.name,
                    child.silent,
                )
                child.ready = False
                child.given_up = now + DUMP_SECONDS
                with suppress(ProcessLookupError):
                    child.process.send_signal(signal.SIGUSR1)

    def _take_signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            now = time.monotonic()
            if self._stops.is_first(now):
                self._end()
            elif self._stops.is_impatient(now):
                logger.warning("Told twice to stop: ending everybody at once.")
                for child in self._children:
                    child.process.kill()
        elif number == signal.SIGHUP and not self._ending:
            logger.info("Renewing all processes, one after the other.")
            under_way = self._renewing[:1] if self._successor else []
            self._renewing = [*under_way, *self._numbers]

    # Living --------------------------------------------------------------------------------------

    def _start(self, number: int) -> Child:
        name = f"web {number}" if len(self._numbers) > 1 else ""
        ours, theirs = socket.socketpair()
        with theirs:
            numbers = (self._listening.fileno(), theirs.fileno())
            process = subprocess.Popen(
                [*self._command, "--accept-from", str(numbers[0]), "--parent", str(numbers[1])],
                pass_fds=numbers,
                env={**service_manager.environment_of_children(), "PARLEY_PROCESS": name},
            )
        child = Child(number, process, ours, time.monotonic())
        self._children.append(child)
        self._selector.register(ours, selectors.EVENT_READ, child)
        self._due.pop(number, None)
        logger.info("%s starts", child.name)
        return child

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            self._start(number)

    def _reap(self) -> None:
        for child in [each for each in self._children if each.process.poll() is not None]:
            self._children.remove(child)
            with suppress(KeyError):
                self._selector.unregister(child.link)
            child.link.close()
            self._dead_processes.append(child.process.pid)
            if child.until is not None:
                logger.info("%s has ended: %s", child.name, how_it_ended(child.process.returncode))
            else:
                self._died(child)

    def _died(self, child: Child) -> None:
        logger.error("%s died: %s", child.name, how_it_ended(child.process.returncode))
        place_taken = any(each.number == child.number for each in self._children)
        if child is self._successor:
            self._give_up_renewing()
        if place_taken:
            return
        if len(self._numbers) == 1 and not self._served:
            # Nobody has been served yet, and the one who started us wants to know.
            self._code = max(1, child.process.returncode)
            self._end()
            return
        now = time.monotonic()
        if now - child.started > QUICK_DEATH_SECONDS:
            self._quick_deaths[child.number] = 0
            self._due[child.number] = now
            return
        self._quick_deaths[child.number] += 1
        deaths = self._quick_deaths[child.number]
        if deaths >= MOST_QUICK_DEATHS and not any(each.ready for each in self._children):
            logger.critical(
                "%d processes in a row died within %.0f seconds of their start: giving up."
                " The lines above say why.",
                deaths,
                QUICK_DEATH_SECONDS,
            )
            self._code = 1
            self._end()
            return
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (deaths - 1))
        logger.warning("web %d is started again in %.1f seconds", child.number, pause)
        self._due[child.number] = now + pause

    # Renewing ------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """One step: nobody drains before their successor serves, and two never drain at once."""
        if self._ending:
            return
        if self._successor is not None and self._successor.ready:
            successor, self._successor = self._successor, None
            self._quick_deaths[successor.number] = 0
            self._renewing.pop(0)
            for child in self._children:
                if child.number == successor.number and child is not successor:
                    self._send_away(child)
            if not self._renewing:
                logger.info("All processes are new.")
        if self._successor is None:
            if self._renewing and not any(child.until for child in self._children):
                self._successor = self._start(self._renewing[0])
        elif time.monotonic() - self._successor.started > START_SECONDS:
            logger.error("%s is not ready yet", self._successor.name)
            number = self._successor.number
            if sum(each.number == number for each in self._children) > 1:
                self._successor.until = time.monotonic()
            self._give_up_renewing()

    def _give_up_renewing(self) -> None:
        logger.error("Renewing is given up: processes without a successor go on.")
        self._successor = None
        self._renewing = []

    # Ending --------------------------------------------------------------------------------------

    def _end(self) -> None:
        self._ending = True
        self._due = {}
        service_manager.tell(service_manager.STOPPING)
        self._listening.close()
        for child in self._children:
            self._send_away(child)

    def _send_away(self, child: Child) -> None:
        if child.until is None:
            child.until = time.monotonic() + self._drain_seconds + GRACE_SECONDS
            child.process.terminate()

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.until is not None and child.until <= now:
                logger.error("%s does not end: killing it", child.name)
                child.process.kill()
                child.until = now + GRACE_SECONDS
            elif child.given_up is not None and child.given_up <= now:
                child.process.kill()
                child.given_up = now + GRACE_SECONDS


def taken_over(process: int) -> bool:
    """Whether a dead process's part in `/metrics` is dealt with."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return True
    from .dead_process_metrics import take_over

    try:
        return take_over(Path(folder), process)
    except OSError:
        logger.exception("What process %d has counted stays as it is", process)
        return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rooms.live.serving.supervisor")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--drain-seconds", type=float, required=True)
    parser.add_argument("--silence-seconds", type=float, required=True)
    options = parser.parse_args()
    logging.basicConfig(
        format="{asctime} {levelname} {name}: {message}",
        style="{",
        level=os.environ.get("LOG_LEVEL", "").upper() or "INFO",
    )
    address = ["--host", options.host, "--port", str(options.port)]
    try:
        listening = listen(options.host, options.port)
    except OSError as error:
        sys.exit(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.")
    if options.processes > 1:
        logger.info(
            "Serving http://%s:%d with %d processes", options.host, options.port, options.processes
        )
    command = [sys.executable, "-m", "rooms.live", *address]
    supervisor = Supervisor(
        listening, command, options.processes, options.drain_seconds, options.silence_seconds
    )
    sys.exit(supervisor.run())


if __name__ == "__main__":
    main()
