"""What a room looks like in a terminal: every event a line, and nothing that controls it."""

import os
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.contract.asyncapi import example
from rooms.protocol import events
from rooms.terminal import lines, typed
from rooms.terminal.chat import Unreachable, socket_url


@given(st.text(st.characters()))
def test_what_people_write_is_only_shown(text: str) -> None:
    shown = lines.clean(text)
    assert all(unicodedata.category(each) not in ("Cc", "Zl", "Zp") for each in shown)
    assert all(each in lines.JOINERS for each in shown if unicodedata.category(each) == "Cf")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äöü 漢字 👩‍🚀", "plain äöü 漢字 👩‍🚀"),
        ("\x1b[2J", "␛[2J"),
        ("a\tb", "a    b"),
        ("a\r\nb\nc", "a b c"),
        ("\x9b\x7f\ud800", "\ufffd\ufffd\ufffd"),
        ("\u202eevil\u2066", "\ufffdevil\ufffd"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert lines.clean(text) == shown


def test_every_event_that_is_for_good_leaves_a_line() -> None:
    for each in events.registered():
        line = lines.event(example(each))
        for_good = issubclass(each, events.Durable) or each is events.Withdrawn
        assert (line is not None) == for_good, events.name(each)


def test_where_the_socket_is() -> None:
    assert socket_url("http://127.0.0.1:8000") == "ws://127.0.0.1:8000/ws/"
    assert socket_url("https://parley.example/") == "wss://parley.example/ws/"
    for wrong in ("parley.example", "ftp://parley.example", "http://"):
        with pytest.raises(Unreachable):
            socket_url(wrong)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"))))
def test_lines_of_a_pipe(said: list[str]) -> None:
    reader, writer = os.pipe()
    text = "\n".join(said)

    def write() -> None:
        with open(writer, "wb") as pipe:
            pipe.write(text.encode())

    thread = threading.Thread(target=write)
    thread.start()
    try:
        expected = text.split("\n")
        assert list(typed.lines_of(reader)) == (expected if expected[-1] else expected[:-1])
    finally:
        thread.join()
        os.close(reader)
