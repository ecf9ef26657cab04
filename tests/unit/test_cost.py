"""Whatever reads a text from outside takes time that grows with its length, for any text.

Every regular expression of the project is in one of the two lists below, or this fails: what reads
texts of other people is measured, what reads our own says whose.
"""

import ast
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils.text import slugify
from django.utils.translation.trans_real import parse_accept_lang_header
from pydantic import TypeAdapter

from jobs.faces import prefer_wait, remind, schedule_slash, submissions
from jobs.faces import slash as jobs_slash
from jobs.kinds import room_reminder
from jobs.lifecycle import failures, results, storable
from jobs.scheduling import times
from rooms.core import credentials, json_depth, markdown, slash
from rooms.features.incoming_webhooks import slack, words
from rooms.features.messages.actions import Post
from rooms.features.search import excerpt, letters, message_index, query
from rooms.http import body_bounds, cookies
from rooms.live.commands import dispatch, origin_rule
from rooms.live.delivery.origin import Origin
from rooms.models import User, is_slug
from rooms.protocol import Refusal
from rooms.rest import json as rest_json
from rooms.rest import paging, schemas
from rooms.terminal import lines
from rooms.text import addresses, graphemes, links, visible
from tests.support import hostile

ROOT = Path(__file__).resolve().parents[2]
PIECES = list(hostile.pieces())
REFUSED = (Refusal, ValueError, UnicodeError)

# Regular expressions that read nothing of other people, and what they read.
OURS = {
    "rooms/templatetags/modules.py::IMPORT": "the project's own modules",
    "rooms/contract/protocol_page.py::MADE": "the project's own page",
    "rooms/management/processes.py::part.ready": "lines of the processes it has started",
    "jobs/registry.py::NAME": "names of kinds, as they are declared",
    r"rooms/protocol/scopes.py::(PATCH|PUT|DELETE) rooms/\*": "routes of the API",
    r"rooms/protocol/scopes.py::\w+ rooms/\*/(members|bans|invitations)(/.*)?": "the same",
    "rooms/protocol/scopes.py::pattern": "the same",
    "rooms/protocol/scopes.py::_PARAMETER": "the same",
}
# Those that have no name, or are Pydantic's: what reads with them is in READERS.
WITHOUT_NAME = {
    "config/env.py::pattern",
    "jobs/faces/submissions.py::pattern",
    "rooms/http/body_bounds.py::'/'.join(parts)",
    "rooms/text/links.py:::[0-9]",
    "rooms/protocol/refusals.py::~",
    "rooms/protocol/shapes.py::pattern",
    "rooms/rest/schemas.py::pattern",
    "rooms/models/rooms.py::RegexValidator",
}


def posted(body: str) -> object:
    return Post(User(username="ana"), "lobby", body, uuid.uuid4()).checked()


def read_cookie(body: str) -> object:
    """Quoted, which is what costs; as we do, and as others do behind `BoundedCookies`."""
    header = f'a="{body}"'.replace("\n", "")
    credentials.of_headers({"cookie": header})
    return cookies.read(header), SimpleCookie(cookies.bounded(header.encode()).decode())


moment: TypeAdapter[Any] = TypeAdapter(schemas.Moment)
slug: TypeAdapter[Any] = TypeAdapter(schemas.SlugText)

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)

READERS: dict[str, Callable[[str], object]] = {
    "markdown": markdown.render,
    "a message": posted,
    "as written": markdown.as_written,
    "links": lambda body: list(links.find(body)),
    "an address": lambda body: (addresses.href(body), addresses.readable(body)),
    "an address with a host": lambda body: addresses.href(f"http://{body}"),
    "a scheme": addresses.leads_somewhere,
    "what shows": visible.shows,
    "what shows of HTML": lambda body: visible.shows(visible.of_html(body)),
    "the beginning": lambda body: graphemes.cut(body, len(body) - 1),
    "the end": lambda body: graphemes.last(body, len(body) - 1),
    "every boundary": lambda body: [graphemes.is_boundary(body, at) for at in range(len(body))],
    "a command": lambda body: slash.parse(f"/{body}"),
    "a command's arguments": jobs_slash.parse,
    "a param": lambda body: jobs_slash.parse(f"kind x=[{body}"),
    "a schedule": schedule_slash.parse,
    "a schedule's kind": lambda body: schedule_slash.parse(f"every 1h {body}"),
    "an interval": times.interval,
    "a cron expression": lambda body: times.checked(
        times.Recurrence(body, None, "UTC", MIDNIGHT), MIDNIGHT, 60
    ),
    "a time zone": times.zone,
    "a reminder": lambda body: remind.parse(body, MIDNIGHT, "UTC"),
    "a reminder's text": lambda body: remind.parse(f"me at 9 to {body}", MIDNIGHT, "UTC"),
    "a reminder of a name": lambda body: room_reminder.said(
        room_reminder.ReminderParams(text="x"), body
    ),
    "a slug": is_slug,
    "a slug by REST": slug.validate_python,
    "a slug of a name": slugify,
    "a time": moment.validate_python,
    "a cursor": lambda body: paging.key_of(body, int),
    "a line of another program": words.line,
    "what is made for Slack": slack.marked,
    "what is referred to there": lambda body: slack.marked(f"<{body}|{body}>"),
    "a search": lambda body: query.parse(body[: query.MOST_CHARACTERS]),
    "a search's patterns": lambda body: (letters.glob(body), letters.regex(body)),
    "a search's trigrams": lambda body: message_index.expression([body]),
    "an excerpt": lambda body: excerpt.of(body, ["a", body[: query.MOST_CHARACTERS]]),
    "a frame": lambda body: dispatch.parse({"text": body}),
    "JSON": orjson.loads,
    "nested JSON": lambda body: json_depth.levels(list(body)),
    "JSON without NUL": lambda body: rest_json._holds_nul([body]),
    "an idempotency key": submissions.key_of,
    "a preference": prefer_wait.seconds_of,
    "a preference's seconds": lambda body: prefer_wait.seconds_of(f"wait={body}"),
    "a token": credentials.bearer,
    "a path": lambda body: body_bounds.bound_of(f"/api/v1/rooms/{body}"),
    "a cookie": read_cookie,
    "an origin": lambda body: origin_rule.origin_allowed({}, {"origin": body, "host": body}),
    "who it is": lambda body: Origin.of(
        {"headers": [(b"x-forwarded-for", body.encode())]}, {"user-agent": body}
    ),
    "languages": parse_accept_lang_header,
    "a line for the terminal": lines.clean,
    "an error": lambda body: failures.failure_of(ValueError(body), told=True),
    "a text of a kind": storable.text,
    "a result": lambda body: results.plain({"summary": body}),
}


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log-in with any cookie or token is none, and asks no database."""
    monkeypatch.setattr(credentials, "by_session", lambda key: None)
    monkeypatch.setattr(credentials, "by_token", lambda token: None)


def tolerant(read: Callable[[str], object]) -> Callable[[str], None]:
    def call(body: str) -> None:
        try:
            read(body)
        except REFUSED:
            pass

    return call


def complaints(read: Callable[[str], object]) -> list[str]:
    return [why for piece in PIECES if (why := hostile.grows_too_fast(tolerant(read), piece))]


@pytest.mark.once
@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_time_by_length(name: str) -> None:
    assert complaints(READERS[name]) == []


def test_what_grows_too_fast_is_found() -> None:
    twice_for_each = re.compile("(?:a|a|a)*b")
    square = re.compile("a*b")
    assert hostile.grows_too_fast(twice_for_each.match, "a")
    assert hostile.grows_too_fast(square.search, "a")
    assert not hostile.grows_too_fast(square.match, "a")


# Regular expressions -------------------------------------------------------------------------


def expressions() -> Iterator[str]:
    """`path::name` of every regular expression, or `path::text` of those without a name."""
    for app in ("config", "rooms", "jobs"):
        for file in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in file.parts:
                path = file.relative_to(ROOT)
                yield from (
                    f"{path}::{name}" for name in expressions_of(ast.parse(file.read_text()))
                )


def expressions_of(tree: ast.AST) -> Iterator[str]:
    named = {
        id(node.value): target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id="re"), attr=called) if called != "escape":
                first = node.args[0]
                text = str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)
                yield named.get(id(node)) or text
            case ast.Name(id="RegexValidator" | "RegexField" as called):
                yield called
        yield from (each.arg for each in node.keywords if each.arg in ("pattern", "regex"))


def test_cookies_are_read_at_one_place() -> None:
    readers = [file for app in ("config", "rooms", "jobs") for file in (ROOT / app).rglob("*.py")]
    found = {str(file.relative_to(ROOT)) for file in readers if "parse_cookie" in file.read_text()}
    assert found == {"rooms/http/cookies.py"}


def test_every_regular_expression_is_listed() -> None:
    found = set(expressions())
    assert {each for each in found if not compiled(each)} - OURS.keys() == WITHOUT_NAME
    assert OURS.keys() <= found


def compiled(name: str) -> re.Pattern[Any] | None:
    path, _, attribute = name.partition("::")
    if not attribute.isidentifier() or name in OURS:
        return None
    module = import_module(path.removesuffix(".py").replace("/", "."))
    value = getattr(module, attribute, None)
    return value if isinstance(value, re.Pattern) else None


@pytest.mark.once
@pytest.mark.parametrize("name", sorted(set(filter(compiled, expressions()))))
def test_a_regular_expression_takes_time_by_length(name: str) -> None:
    pattern = compiled(name)
    assert pattern is not None
    if isinstance(pattern.pattern, bytes):

        def read(body: str) -> object:
            return list(pattern.finditer(body.encode()))
    else:

        def read(body: str) -> object:
            return list(pattern.finditer(body)), pattern.fullmatch(body)

    assert complaints(read) == []
