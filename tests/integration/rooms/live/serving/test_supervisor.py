"""The parent of several web processes, with children that misbehave."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.environment import ROOT
from tests.support.waiting import until

pytestmark = pytest.mark.once

# A parent whose patience is short; its children run the script that it is given.
PARENT = """
import logging, sys
from rooms.live.serving import supervisor
from rooms.live.serving.listen_socket import listen
logging.basicConfig(format="{message}", style="{", level="INFO")
supervisor.FIRST_PAUSE = supervisor.LONGEST_PAUSE = 0.01
supervisor.GRACE_SECONDS, supervisor.ONE_WISH = 0.1, 0.0
supervisor.START_SECONDS = float(sys.argv[2])
command = [sys.executable, sys.argv[1]]
sys.exit(supervisor.Family(listen("127.0.0.1", 0), command, 2, 0.2).run())
"""
CHILD = """
import os, pathlib, signal, sys, time
link = int(sys.argv[sys.argv.index("--parent") + 1])
number = os.environ["PARLEY_PROCESS"].split()[-1]
def ready():
    os.write(link, b"ready")
def forever():
    os.read(link, 1)
"""


class Running:
    def __init__(self, folder: Path, child: str, start_seconds: float) -> None:
        self.script = folder / "child.py"
        self.become(child)
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PARENT, str(self.script), str(start_seconds)],
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

    def run(child: str, start_seconds: float = 30) -> Running:
        running.append(Running(tmp_path, child, start_seconds))
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
