"""The parent of several web processes, with children that misbehave."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.environment import ROOT
from tests.support.waiting import until

pytestmark = pytest.mark.once

# A parent whose patience is short; its children run the script that it is given.
PARENT = """
import logging, sys
from rooms.core import process_stops
from rooms.live.serving import supervisor
from rooms.live.serving.listen_socket import listen
logging.basicConfig(format="{message}", style="{", level="INFO")
supervisor.FIRST_PAUSE_SECONDS = supervisor.LONGEST_PAUSE_SECONDS = 0.01
supervisor.GRACE_SECONDS, process_stops.SAME_REQUEST_SECONDS = 0.1, 0.0
supervisor.START_SECONDS = float(sys.argv[2])
supervisor.SIGN_SECONDS = 0.1
count, silence = int(sys.argv[3]), float(sys.argv[4])
command = [sys.executable, sys.argv[1]]
sys.exit(supervisor.Supervisor(listen("127.0.0.1", 0), command, count, 0.2, silence).run())
"""
CHILD = """
import os, pathlib, signal, sys, time
link = int(sys.argv[sys.argv.index("--parent") + 1])
number = (os.environ["PARLEY_PROCESS"].split() or ["1"])[-1]
def ready():
    os.write(link, b"+")
def forever():
    os.read(link, 1)
"""


class Running:
    def __init__(
        self, folder: Path, child: str, start_seconds: float, count: int, silence: float
    ) -> None:
        self.script = folder / "child.py"
        self.become(child)
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-c", PARENT, str(self.script)),
                    *(str(start_seconds), str(count), str(silence)),
                ],
                cwd=ROOT,
                stderr=log,
                start_new_session=True,
            )

    def become(self, child: str) -> None:
        """What the children that start from now on do."""
        self.script.write_text(CHILD + child)

    def says(self, text: str, times: int = 1) -> None:
        until(lambda: self.log.read_text().count(text) >= times, 30, f"{text}: {self.log}")

    def ends(self) -> int:
        return self.process.wait(30)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running = []

    def run(child: str, start_seconds: float = 30, count: int = 2, silence: float = 0) -> Running:
        running.append(Running(tmp_path, child, start_seconds, count, silence))
        return running[-1]

    yield run
    for each in running:
        # The parent may have gone, its children too: then there is no such group.
        try:
            os.killpg(each.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        each.process.wait()


def test_gives_up_when_nobody_can_live(start: Start) -> None:
    running = start("sys.exit(3)")
    assert running.ends() == 1
    log = running.log.read_text()
    assert "giving up" in log and "exit code 3" in log
    # Each of the two had its tries, and no more.
    assert 5 <= log.count(" starts") <= 10


def test_one_that_cannot_live_does_not_end_the_others(start: Start) -> None:
    running = start("sys.exit(3) if number == '1' else (ready(), forever())")
    running.says("web 2 (process", 2)
    running.says("exit code 3", 8)
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0


def test_a_successor_that_dies_leaves_the_old_ones_in_their_place(start: Start) -> None:
    running = start("ready(); forever()")
    running.says("is ready", 2)
    running.become("sys.exit(4)")
    running.process.send_signal(signal.SIGHUP)
    running.says("Renewing is given up")
    log = running.log.read_text()
    assert log.count(" starts") == 3 and "has ended" not in log
    # And with a version that works again, all are new.
    running.become("ready(); forever()")
    running.process.send_signal(signal.SIGHUP)
    running.says("All processes are new")
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0


def test_a_successor_that_is_never_ready_is_given_up(start: Start) -> None:
    running = start("ready(); forever()", start_seconds=1)
    running.says("is ready", 2)
    running.become("forever()")
    running.process.send_signal(signal.SIGHUP)
    running.says("Renewing is given up")
    running.says("has ended", 1)
    assert "web 1" in running.log.read_text()
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0


def test_the_old_one_goes_only_when_the_new_one_is_ready(start: Start) -> None:
    running = start("ready(); forever()")
    running.says("is ready", 2)
    running.process.send_signal(signal.SIGHUP)
    running.says("All processes are new")
    running.says("has ended", 2)
    lines = [line for line in running.log.read_text().splitlines() if "web " in line][4:]
    told = [line.split("(")[0] + line.split(") ")[1].split(":")[0] for line in lines]
    one = ["starts", "is ready", "has ended"]
    assert told == [f"web {number} {what}" for number in (1, 2) for what in one]


def test_one_that_does_not_end_is_killed(start: Start) -> None:
    running = start("signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); time.sleep(600)")
    running.says("is ready", 2)
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0
    assert running.log.read_text().count("does not end: killing it") == 2


def test_children_outlive_no_parent(start: Start) -> None:
    running = start("ready(); forever(); (pathlib.Path(sys.argv[0]).parent / number).touch()")
    running.says("is ready", 2)
    running.process.kill()
    for number in ("1", "2"):
        until((running.script.parent / number).exists, 30, "the child has seen it")


STUCK = """
import faulthandler, re
faulthandler.register(signal.SIGUSR1)
ready()
if number == "1" and not pathlib.Path(sys.argv[0]).with_name("freed").exists():
    # It never gives up the interpreter's lock: no thread of this process could notice.
    re.match("(a+)+$", "a" * 60 + "b")
while True:
    os.write(link, b".")
    time.sleep(0.1)
"""


@pytest.mark.parametrize("count", [1, 2])
def test_one_that_stands_still_is_replaced_and_says_where(start: Start, count: int) -> None:
    running = start(STUCK, count=count, silence=2)
    running.says("stands still: no sign of life for 2 seconds")
    (running.script.parent / "freed").touch()
    running.says("killed by SIGKILL")
    running.says("is ready", count + 1)
    log = running.log.read_text()
    assert log.count("stands still") == 1
    assert "most recent call first" in log and "/re/__init__.py" in log
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0


def test_one_that_never_gives_a_sign_is_replaced_as_well(start: Start) -> None:
    running = start("time.sleep(600)", start_seconds=1, silence=0.1)
    running.says("stands still", 3)
    running.says(" starts", 3)


def test_silence_may_be_allowed(start: Start) -> None:
    running = start("ready(); time.sleep(1.5); os.write(link, b'.'); forever()", silence=0)
    running.says("is ready", 2)
    # Once it has been renewed, the old ones have been silent for as long as they were there.
    running.process.send_signal(signal.SIGHUP)
    running.says("All processes are new")
    assert "stands still" not in running.log.read_text()


def test_a_family_that_was_frozen_as_a_whole_is_not_blamed(start: Start) -> None:
    running = start("ready()\nwhile True:\n    os.write(link, b'.'); time.sleep(0.1)", silence=3)
    running.says("is ready", 2)
    os.killpg(running.process.pid, signal.SIGSTOP)
    frozen_at = time.monotonic()
    until(lambda: time.monotonic() - frozen_at > 4)
    os.killpg(running.process.pid, signal.SIGCONT)
    running.process.send_signal(signal.SIGHUP)
    running.says("All processes are new")
    assert "stands still" not in running.log.read_text()


def test_a_single_one_that_cannot_start_is_the_end(start: Start) -> None:
    running = start("sys.exit(3)", count=1)
    assert running.ends() == 3
    assert running.log.read_text().count(" starts") == 1


def test_a_single_one_that_dies_later_is_started_again(start: Start) -> None:
    running = start("ready(); time.sleep(0.2)", count=1)
    running.says(" starts", 3)


def test_systemd_is_told(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "10000000")
        running = start("assert 'NOTIFY_SOCKET' not in os.environ; ready(); forever()")

        def told(what: bytes) -> bool:
            while manager.recv(100) != what:
                pass
            return True

        assert told(b"READY=1") and told(b"WATCHDOG=1")
        running.process.send_signal(signal.SIGTERM)
        assert told(b"STOPPING=1")
        assert running.ends() == 0
