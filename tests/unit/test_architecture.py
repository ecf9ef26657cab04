"""The directions in which the parts may know each other, and that no file grows past reading."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import module_table

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
SOURCE = ("config", "rooms", "jobs")


def rooms_beside(name: str) -> list[str]:
    """The modules of rooms but for one."""
    return [f"rooms.{each.stem}" for each in (ROOT / "rooms").iterdir() if each.stem != name]


# (who, what they must not import, but for these files)
RULES = [
    ("rooms", ("jobs", "config", "tests"), ()),
    ("jobs", ("config", "tests"), ()),
    ("rooms", ("celery", "kombu"), ()),
    ("jobs", ("celery", "kombu"), ("jobs/tasks.py",)),
    ("config", ("celery", "kombu"), ("config/celery.py",)),
    # Only the bell sends through the channel layer; the hub receives from it.
    ("rooms", ("channels.layers",), ("rooms/core/bell.py", "rooms/live/")),
    ("rooms", ("channels_redis",), ("rooms/core/channel_layers.py",)),
    ("jobs", ("channels", "channels_redis"), ()),
    # Only presence, the announcement and the budgets of REST keep something in Redis; health and
    # the embedded Redis ask whether it answers.
    (
        "rooms",
        ("redis",),
        (
            "rooms/core/presence_leases.py",
            "rooms/rest/limits.py",
            "rooms/core/announcement.py",
            "rooms/health.py",
            "rooms/management/",
        ),
    ),
    ("jobs", ("redis",), ()),
    # Only live/ touches sockets.
    ("rooms", ("channels", "daphne", "twisted", "autobahn"), ("rooms/core/bell.py", "rooms/live/")),
    # The protocol is pure.
    ("rooms/protocol", ("django", "channels", "redis", *rooms_beside("protocol")), ()),
]


def files(*where: str) -> Iterator[Path]:
    for each in where:
        path = ROOT / each
        found = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (file for file in found if "migrations" not in file.parts)


def imports(file: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, relative ones resolved."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def offences(who: str, forbidden: tuple[str, ...], but: tuple[str, ...]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files(who)
        if not str(file.relative_to(ROOT)).startswith(but or ("-",))
        for name in imports(file)
        if name.startswith(tuple(f"{each}." for each in forbidden)) or name in forbidden
    ]


@pytest.mark.parametrize(("who", "forbidden", "but"), RULES)
def test_directions(who: str, forbidden: tuple[str, ...], but: tuple[str, ...]) -> None:
    assert offences(who, forbidden, but) == []


def test_the_rules_find_what_is_there() -> None:
    assert offences("jobs", ("rooms",), ())
    assert offences("config", ("celery",), ())
    assert "rooms.protocol" in set(imports(ROOT / "rooms" / "core" / "bell.py"))


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines())
        for file in files(*SOURCE, "tests")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_a_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in files(*SOURCE)
        if file.read_text().strip() and ast.get_docstring(ast.parse(file.read_text())) is None
    ]
    assert silent == []


def test_every_module_stands_in_the_table() -> None:
    page = module_table.PAGE.read_text()
    assert module_table.with_table(page) == page, "run: python -m tests.module_table"
