"""Processes that begin as forks of one that has imported the packages already: see `preloaded`."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from . import environment

ANSWER_SECONDS = 120


class Forked:
    """One of them; a part of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket) -> None:
        self.returncode: int | None = None
        self._connection = connection
        self._said = b""
        self.pid = int(self._line(ANSWER_SECONDS) or 0)
        assert self.pid, "the process from which the others are forked has ended"

    def _line(self, seconds: float) -> bytes | None:
        """What it says next; None when it says nothing within that time."""
        self._connection.settimeout(seconds)
        while b"\n" not in self._said:
            try:
                part = self._connection.recv(64)
            except (BlockingIOError, TimeoutError):
                return None
            if not part:
                raise ChildProcessError("the process from which the others are forked has ended")
            self._said += part
        line, _, self._said = self._said.partition(b"\n")
        return line

    def poll(self) -> int | None:
        if self.returncode is None and (line := self._line(0)) is not None:
            self._end(line)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            line = self._line(ANSWER_SECONDS if timeout is None else timeout)
            if line is None:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or ANSWER_SECONDS)
            self._end(line)
        assert self.returncode is not None
        return self.returncode

    def _end(self, line: bytes) -> None:
        self.returncode = int(line)
        self._connection.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Preloaded:
    """The process from which they are forked. It ends with us: its input does."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.preloaded"],
            cwd=environment.ROOT,
            # Of what packages look at while they are imported, no process is given anything else.
            env={**environment.clean(), "PYTHONUNBUFFERED": "1"},
            stdin=theirs.fileno(),
            start_new_session=True,
        )
        theirs.close()

    def launch(
        self, command: list[str], env: Mapping[str, str], stdin: IO[Any], output: IO[Any], log: Any
    ) -> Forked:
        ours, theirs = socket.socketpair()
        request = {"arguments": command[1:], "environment": dict(env)}
        line = json.dumps({**request, "folder": str(environment.ROOT)}) + "\n"
        streams = [stdin.fileno(), output.fileno(), log.fileno()]
        with self._one_at_a_time, theirs:
            socket.send_fds(self._socket, [b"+"], [theirs.fileno()])
            socket.send_fds(ours, [line[:1].encode()], streams)
            ours.sendall(line[1:].encode())
        return Forked(ours)

    def end(self) -> None:
        self._socket.close()
        self._process.wait(ANSWER_SECONDS)


_preloaded: dict[int, Preloaded] = {}


def launch(
    command: list[str], env: Mapping[str, str], stdin: IO[Any], output: IO[Any], log: IO[Any]
) -> Forked:
    """Begin what `command`, which `can_be` one, does; in a session of its own."""
    if os.getpid() not in _preloaded:
        _preloaded[os.getpid()] = started = Preloaded()
        atexit.register(started.end)
    return _preloaded[os.getpid()].launch(command, env, stdin, output, log)


def can_be(command: list[str]) -> bool:
    """Whether it is Python that runs a module or a file. On macOS a fork that goes on without a
    program of its own may crash in the system's libraries."""
    is_file = command[1:2] and (command[1] == "-m" or command[1].endswith(".py"))
    return command[0] == sys.executable and bool(is_file) and sys.platform != "darwin"
