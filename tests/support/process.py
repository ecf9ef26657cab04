"""One real process of a site: started, watched through its log, killed, started again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from rooms.management import guard

from . import forked
from .environment import ROOT
from .waiting import until


class Guard:
    """Ends what this test run started, also when the run itself is killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Process:
    """A part of a site. `is_ready` gets the process, once it runs, and says whether it is ready.
    `quick`: what is Python may begin as a fork (`forked`). `numbers` is the folder of what it
    counts, which is fresh at each start."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        watched_by: Guard,
        is_ready: Callable[["Process"], bool],
        quick: bool = False,
        numbers: Path | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.log_path = log
        self.guard = watched_by
        self.is_ready = is_ready
        self.quick = quick
        self.numbers = numbers
        self.popen: subprocess.Popen[bytes] | forked.Forked | None = None
        self._log_starts_at = 0

    @property
    def pid(self) -> int:
        assert self.popen is not None, f"{self.name} was never started"
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def launch(self) -> None:
        """Start without waiting."""
        assert not self.running, f"{self.name} runs already"
        env = dict(self.environment)
        if self.numbers is not None:
            shutil.rmtree(self.numbers, ignore_errors=True)
            self.numbers.mkdir(parents=True)
            env["PROMETHEUS_MULTIPROC_DIR"] = str(self.numbers)
        with open(self.log_path, "ab") as log, open(os.devnull, "rb") as nothing:
            self._log_starts_at = log.tell()
            if self.quick and forked.can_be(self.command):
                self.popen = forked.launch(self.command, env, nothing, log, log)
            else:
                self.popen = subprocess.Popen(
                    self.command,
                    cwd=ROOT,
                    env=env,
                    stdin=nothing,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        self.guard.tell(f"+{self.pid}")

    def wait_ready(self, timeout: float = 120) -> None:
        def ready_or_gone() -> bool:
            return not self.running or self.is_ready(self)

        until(ready_or_gone, timeout, f"{self.name} is ready; it says:\n{self.log()[-3000:]}")
        assert self.running, f"{self.name} ended at its start; it says:\n{self.log()[-3000:]}"

    def start(self) -> None:
        self.launch()
        self.wait_ready()

    def kill(self) -> None:
        """SIGKILL to the process and to all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._ended()

    def terminate(self, timeout: float = 40) -> int:
        """SIGTERM, and wait for the end; returns the exit code. What is left then is killed."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        assert self.popen is not None
        try:
            return self.popen.wait(timeout)
        finally:
            self.kill()

    def _ended(self) -> None:
        assert self.popen is not None
        self.popen.wait(10)
        self.guard.tell(f"-{self.pid}")

    def restart(self) -> None:
        """As a supervisor does after a deployment: SIGTERM, wait, start, wait until ready."""
        if self.running:
            self.terminate()
        self.start()

    def log(self, whole: bool = False) -> str:
        """What it wrote since its last start, or ever."""
        with suppress(FileNotFoundError), open(self.log_path, "rb") as file:
            file.seek(0 if whole else self._log_starts_at)
            return file.read().decode(errors="replace")
        return ""

    def tree(self) -> list[psutil.Process]:
        """The process and everything below it."""
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.pid)
            return [first, *first.children(recursive=True)]
        return []

    def rss(self) -> int:
        """The memory of the whole tree, in bytes."""
        total = 0
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total
