"""`manage.py up`: everything on one machine by one command, and nothing left when it ends."""

import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support import environment
from tests.support.site import MANAGE, free_port, kinds
from tests.support.waiting import SCALE, until

# It brings its own database, the same whatever the rest of the suite is run on.
pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

READY = "Parley is ready"


class Up:
    """One run of `manage.py up`, its output in a file."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.log = folder.parent / f"{folder.name}.log"
        env = {
            **environment.clean(),
            **kinds(),
            "PARLEY_DATA_DIR": str(folder),
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                [*MANAGE, "up"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.process = psutil.Process(self.popen.pid)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_ready(self) -> list[psutil.Process]:
        """Until it says that it is ready; all processes that it started."""
        until(lambda: READY in self.output() or self.popen.poll() is not None, 90, "ready")
        assert READY in self.output(), self.output()
        return self.process.children(recursive=True)

    def end(self, number: int) -> int:
        os.kill(self.popen.pid, number)
        return self.popen.wait(30 * SCALE)


@contextmanager
def up(folder: Path, port: int) -> Iterator[Up]:
    running = Up(folder, port)
    try:
        yield running
    finally:
        if running.popen.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                running.end(signal.SIGTERM)
            running.popen.kill()
            running.popen.wait()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="parley-u-") as path:
        yield Path(path) / "data"


@pytest.fixture(scope="module")
def running() -> Iterator[Up]:
    """For the tests that need no empty folder. A path of this length has no room for a socket."""
    with tempfile.TemporaryDirectory(prefix="parley-u-") as path:
        long = Path(path) / ("a" * 60) / ("b" * 60) / "data"
        long.parent.mkdir(parents=True)
        with up(long, free_port()) as first:
            first.wait_ready()
            yield first


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != "zombie" for each in processes)


@contextmanager
def logged_in(port: int, output: str) -> Iterator[httpx.Client]:
    """As a person does: the password from the terminal into the form."""
    found = re.search(r"log in as ana +with (\S+)", output)
    assert found, output
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=30) as client:
        client.get("/accounts/login/")
        token = client.cookies["csrftoken"]
        form = {"login": "ana", "password": found[1], "csrfmiddlewaretoken": token}
        answer = client.post("/accounts/login/", data=form)
        assert answer.status_code == 200 and "sessionid" in client.cookies, answer.text
        yield client


def test_comes_up_in_an_empty_folder_serves_ends_and_keeps_what_was_said(folder: Path) -> None:
    port = free_port()
    with up(folder, port) as first:
        started = first.wait_ready()
        assert len(started) >= 5  # the guard, Redis, web, worker and its children, beat
        with logged_in(port, first.output()) as client:
            rooms = client.get("/api/v1/rooms").json()["rooms"]
            assert "lobby" in {room["slug"] for room in rooms}
            token = {"X-CSRFToken": client.cookies["csrftoken"]}
            said = client.post(
                "/api/v1/rooms/lobby/messages", json={"body": "still here?"}, headers=token
            )
            assert said.status_code == 201, said.text
        assert first.end(signal.SIGINT) == 0, first.output()
        until(lambda: gone(started), what="all of it has ended")
        assert "Traceback" not in first.output()

    with up(folder, port) as second:
        started = second.wait_ready()
        with logged_in(port, second.output()) as client:
            messages = client.get("/api/v1/rooms/lobby/messages").json()["messages"]
            assert [each["body"] for each in messages].count("still here?") == 1
        # Killed, it can end nothing any more; and yet nothing outlives it.
        second.popen.kill()
        second.popen.wait()
        until(lambda: gone(started), 30, "all of it has ended")


def test_says_at_once_when_the_port_is_taken(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with up(folder, port) as tried:
            assert tried.popen.wait(30 * SCALE) == 1
            assert f"Port {port}" in tried.output()
            assert "Traceback" not in tried.output()
    assert not (folder / "redis").exists()


def test_a_long_path_to_the_data_has_room_for_a_socket(running: Up) -> None:
    assert len(str(running.folder / "redis" / "redis.sock")) > 108
    assert READY in running.output() and running.popen.poll() is None


def test_a_second_one_on_the_same_folder_is_refused(running: Up) -> None:
    log = running.output()
    again = running.folder.parent / "again"
    again.symlink_to(running.folder)
    with up(again, free_port()) as second:
        assert second.popen.wait(30 * SCALE) == 1
        assert "already" in second.output()
    assert running.popen.poll() is None and running.output() == log


# Last: it ends what the others share.
def test_a_part_that_dies_is_started_again_and_ends_with_the_others(running: Up) -> None:
    started = running.process.children(recursive=True)
    parent = "rooms.live.serving.supervisor"
    web = next(each for each in started if parent in each.cmdline())
    web.kill()
    until(lambda: "web ended: killed by SIGKILL" in running.output(), what="it is said")

    def answers() -> bool:
        with suppress(httpx.HTTPError):
            url = f"http://127.0.0.1:{running.port}/readyz"
            return httpx.get(url, trust_env=False).status_code == 200
        return False

    until(answers, 60, "the web server answers again")
    started = running.process.children(recursive=True)
    assert running.end(signal.SIGTERM) == 0, running.output()
    until(lambda: gone(started), what="all of it has ended")
