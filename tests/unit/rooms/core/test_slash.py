"""Slash commands: what is one, what is a message, and what is neither."""

import pytest

from rooms.core import slash
from rooms.protocol import Invalid, answers


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> slash.SlashCommand:
    monkeypatch.setattr(slash, "_commands", {})
    command = slash.SlashCommand("echo", "/echo TEXT", "Says it again.", lambda *_: {}, answers.Ok)
    slash.register(command)
    return command


@pytest.mark.parametrize(
    ("body", "arguments"),
    [("/echo", ""), ("/echo hello", "hello"), ("/ECHO  a  b ", "a  b"), ("/echo a\nb", "a\nb")],
)
def test_a_command_with_its_arguments(echo: slash.SlashCommand, body: str, arguments: str) -> None:
    assert slash.parse(body) == (echo, arguments)


@pytest.mark.parametrize("body", ["echo", " /echo", "//echo", "a /echo", "", "//"])
def test_a_message_is_no_command(echo: slash.SlashCommand, body: str) -> None:
    assert slash.parse(body) is None


@pytest.mark.parametrize("body", ["/", "/nothing", "/ echo", "/echoes x", "/" + "x" * 5_000])
def test_an_unknown_command_is_refused_with_those_there_are(
    echo: slash.SlashCommand, body: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        slash.parse(body)
    assert "/echo" in refusal.value.message
    assert len(refusal.value.message) < 300


def test_two_slashes_say_one() -> None:
    assert slash.unescaped("//echo") == "/echo"
    assert slash.unescaped("/echo") == "/echo"
    assert slash.unescaped("a // b") == "a // b"


def test_a_name_is_taken_once(echo: slash.SlashCommand) -> None:
    with pytest.raises(ValueError, match="twice"):
        slash.register(echo)
    assert slash.known() == [echo]
