"""`manage.py chat`, as a process of its own against a real site: in a pipe and in a terminal."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import ROOT
from tests.support.process import Guard
from tests.support.site import MANAGE, Site
from tests.support.waiting import SCALE, until

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(parts=("web",)) as running:
        yield running


class Chatting:
    """A chat process; what it said is in `out` and `err`."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process, self.folder = process, folder

    def write(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self) -> int:
        """The end of the input; returns the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60 * SCALE)

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    def shows(self, text: str) -> None:
        def there() -> bool:
            return text in self.out or self.process.poll() is not None

        until(there, 60, f"the chat shows {text!r}; it shows {self.out!r} {self.err!r}")
        assert text in self.out, self.err


@contextmanager
def chatting(site: Site, folder: Path, *arguments: str, **options: Any) -> Iterator[Chatting]:
    guard = Guard()
    with open(folder / "out", "wb") as out, open(folder / "err", "wb") as err:
        process = subprocess.Popen(
            [*MANAGE, "chat", *arguments],
            cwd=ROOT,
            env=site.env,
            start_new_session=True,
            **{"stdin": subprocess.PIPE, "stdout": out, "stderr": err, **options},
        )
    guard.tell(f"+{process.pid}")
    try:
        yield Chatting(process, folder)
    finally:
        if process.poll() is None:
            process.kill()
        with suppress(OSError):
            process.communicate()
        guard.close()


def tokens(site: Site, name: str) -> list[str]:
    found: list[str] = site.ask(
        f"list(ApiToken.objects.filter(user__username={name!r}).values_list('name', flat=True))"
    )
    return [each for each in found if each.startswith("chat")]


def bodies(site: Site, room: str) -> list[str]:
    said: list[str] = site.ask(
        f"list(Message.objects.filter(room__slug={room!r}).order_by('seq')"
        ".values_list('body', flat=True))"
    )
    return said


def said_by(site: Site, name: str, room: str, body: str) -> None:
    with site.api(site.user(name)) as api:
        api.post(f"/rooms/{room}/messages", json={"body": body}).raise_for_status()


def test_a_pipe_is_said_line_by_line_and_ends_when_all_is_stored(
    site: Site, tmp_path: Path
) -> None:
    room = site.room("piped", "alice", "bob")
    said_by(site, "bob", room, "from before")
    with chatting(site, tmp_path, room, "--user", "alice") as chat:
        chat.write("one\n\ntwo\n")
        chat.shows("Alice: two")
        chat.write("three, unended")
        assert chat.end() == 0
        lines = chat.out.splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == [
        "Bob: from before",
        "Alice: one",
        "Alice: two",
        "Alice: three, unended",
    ]
    assert bodies(site, room)[1:] == ["one", "two", "three, unended"]
    assert tokens(site, "alice") == []


def test_a_restart_in_the_middle_loses_and_doubles_nothing(site: Site, tmp_path: Path) -> None:
    room = site.room("restarted", "alice", "bob")
    with chatting(site, tmp_path, room, "--token", site.user("alice").token) as chat:
        chat.write("before\n")
        chat.shows("Alice: before")
        site.web.kill()
        chat.shows("No connection")
        chat.write("while it was away\n")
        site.web.start()
        chat.shows("Connected again.")
        chat.shows("Alice: while it was away")
        said_by(site, "bob", room, "welcome back")
        chat.shows("Bob: welcome back")
        assert chat.end() == 0
        spoken = [line.split("  ", 1)[1] for line in chat.out.splitlines() if ": " in line]
    assert spoken == ["Alice: before", "Alice: while it was away", "Bob: welcome back"]
    assert bodies(site, room) == ["before", "while it was away", "welcome back"]


def test_nothing_that_people_write_controls_the_terminal(site: Site, tmp_path: Path) -> None:
    room = site.room("wild", "alice", "bob")
    said_by(site, "bob", room, "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202egnp.exe\r\nnext")
    with chatting(site, tmp_path, room, "--user", "alice") as chat:
        chat.shows("next")
        assert chat.end() == 0
        assert "␛[31mred␛]0;title␇ \ufffd2J \ufffdgnp.exe\n        next" in chat.out
        assert not set(chat.out) & {"\x1b", "\x07", "\x9b", "\u202e", "\r"}


def test_what_is_refused_is_said_and_fails_the_pipe(site: Site, tmp_path: Path) -> None:
    room = site.room("refusing", "alice")
    with chatting(site, tmp_path, room, "--user", "alice") as chat:
        chat.write(f"fine\n{'x' * 10_001}\n{'y' * 70_000}\n{'🐟' * 10_000}\nfine again\n")
        assert chat.end() == 1
        assert "Not sent: xxx" in chat.out and "Not sent: yyy" in chat.out
        assert max(map(len, chat.out.splitlines())) < 20_100
        assert "2 lines were refused." in chat.err
    assert bodies(site, room) == ["fine", "🐟" * 10_000, "fine again"]


def test_a_pipe_is_text_unless_it_is_said_otherwise(site: Site, tmp_path: Path) -> None:
    room = site.room("slashes", "alice")
    said = ["/usr/bin/make: nothing to be done", "//server/share", "/job", "plain"]
    with chatting(site, tmp_path, room, "--user", "alice") as chat:
        chat.write("\n".join(said))
        assert chat.end() == 0, chat.out
    assert bodies(site, room) == said
    with chatting(site, tmp_path, room, "--user", "alice", "--commands") as chat:
        chat.write("/nonsense\n")
        assert chat.end() == 1
        assert "Not sent: /nonsense" in chat.out


def test_what_a_command_says_to_the_person_is_shown(site: Site, tmp_path: Path) -> None:
    room = site.room("commanding", "alice")
    with chatting(site, tmp_path, room, "--user", "alice", "--commands") as chat:
        chat.write("/schedule every 1h test.outcome\n")
        chat.shows("·  1 Test. Next on ")
        chat.shows("↻  1 Test · Every 1h")
        assert chat.end() == 0, chat.err
    assert bodies(site, room) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere", "--user", "alice"], "There is no such room"),
        (["lounge", "--user", "nobody"], "There is no active user 'nobody'"),
        (["lounge", "--token", "wrong"], "The token is not valid"),
        (["lounge", "--user", "alice", "--url", "http://127.0.0.1:9"], "does not answer"),
        (["lounge", "--user", "alice", "--url", "nonsense"], "is not an address like"),
        (["lounge"], "one of the arguments --token --user is required"),
    ],
)
def test_what_is_wrong_is_said_at_the_start(
    site: Site, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    if not site.ask("Room.objects.filter(slug='lounge').exists()"):
        site.room("lounge", "alice")
    with chatting(site, tmp_path, *arguments) as chat:
        assert chat.end() != 0
        assert reason in chat.err
        assert "Traceback" not in chat.err
    assert tokens(site, "alice") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_interrupted_leaves_no_token(
    site: Site, tmp_path: Path, number: signal.Signals
) -> None:
    room = site.room(f"left-by-{number.name.lower()}", "alice")
    with chatting(site, tmp_path, room, "--user", "alice") as chat:
        chat.write("here\n")
        chat.shows("Alice: here")
        assert len(tokens(site, "alice")) == 1
        chat.process.send_signal(number)
        assert chat.process.wait(60 * SCALE) == 130
        assert chat.err == ""
    assert tokens(site, "alice") == []


def test_at_a_terminal(site: Site, tmp_path: Path) -> None:
    """A prompt below, messages above it, who is here in the last line; Ctrl-D leaves."""
    room = site.room("terminal", "alice", "bob")
    mine, its = pty.openpty()
    said = bytearray()

    def shows(text: str) -> bool:
        os.set_blocking(mine, False)
        with suppress(BlockingIOError):
            said.extend(os.read(mine, 65_536))
        # A terminal that is asked where its cursor is has to say so.
        while b"\x1b[6n" in said:
            said[:] = said.replace(b"\x1b[6n", b"", 1)
            os.write(mine, b"\x1b[1;1R")
        return text.encode() in said

    pipes = {"stdin": its, "stdout": its, "stderr": its}
    site.env["TERM"] = "xterm-256color"
    with chatting(site, tmp_path, room, "--user", "alice", **pipes) as chat:
        os.close(its)
        until(lambda: shows("here: Alice"), 60, "who is here")
        os.write(mine, b"typed by hand\r")
        until(lambda: shows("Alice: typed by hand"), 60, "what was said")
        said_by(site, "bob", room, "an answer")
        until(lambda: shows("Bob: an answer"), 60, "what others say")
        os.write(mine, b"\x04")

        def ended() -> bool:
            with suppress(OSError):
                shows("")
            return chat.process.poll() is not None

        until(ended, 60, "Ctrl-D leaves")
        assert chat.process.returncode == 0
    os.close(mine)
    assert bodies(site, room) == ["typed by hand", "an answer"]
    assert tokens(site, "alice") == []
