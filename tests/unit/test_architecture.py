"""The directions in which the parts may know each other, and that no file grows past reading."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import module_table

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_SCRIPT_LINE = 160
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
    ("config", ("celery",), ("config/celery.py",)),
    ("config", ("kombu",), ("config/celery.py", "config/broker.py")),
    # Only the ringer sends through the channel layer; the hub receives from it. The doctor tries.
    (
        "rooms",
        ("channels.layers",),
        ("rooms/core/ringer.py", "rooms/live/", "rooms/doctor/probes/bells.py"),
    ),
    ("rooms", ("channels_redis",), ("rooms/core/channel_layers.py",)),
    ("jobs", ("channels", "channels_redis"), ()),
    # Only presence, the announcement, the witness and the budgets of REST keep something in Redis;
    # health and the embedded Redis ask whether it answers.
    (
        "rooms",
        ("redis",),
        (
            "rooms/core/presence_leases.py",
            "rooms/core/witness.py",
            "rooms/rest/limits.py",
            "rooms/core/announcement.py",
            "rooms/core/witness.py",
            "rooms/health.py",
            "rooms/doctor/probes/redis_server.py",
            "rooms/management/",
        ),
    ),
    ("jobs", ("redis",), ()),
    # Only live/ touches sockets.
    (
        "rooms",
        ("channels", "daphne", "twisted", "autobahn"),
        ("rooms/core/ringer.py", "rooms/live/", "rooms/doctor/probes/bells.py"),
    ),
    # The protocol is pure.
    ("rooms/protocol", ("django", "channels", "redis", *rooms_beside("protocol")), ()),
]


# What may say "job" in rooms, and why.
JOB_WORDS = {
    "rooms/protocol/scopes.py": {
        'JOBS = "jobs"': "scopes stand in people's tokens: they are one list for all apps",
        "Read rooms and jobs": "the label of a scope",
        "Scope.JOBS: ": "the label of a scope",
    },
    "rooms/models/messages.py": {'db_column="job"': "the version before reads this column"},
    "rooms/demo.py": {"/job room.report": "what somebody says in the demonstration"},
}
SAYS_JOB = re.compile("job", re.I)


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


def test_rooms_names_no_jobs() -> None:
    """Python, scripts, styles and templates: another app has the same hooks as jobs."""
    told = [ROOT / "templates" / "base.html", *(ROOT / "templates" / "rooms").rglob("*.html")]
    for kind in ("*.py", "*.js", "*.css"):
        told += (file for file in (ROOT / "rooms").rglob(kind) if "migrations" not in file.parts)
    named = []
    for file in told:
        name = str(file.relative_to(ROOT))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if SAYS_JOB.search(line) and not any(each in line for each in JOB_WORDS.get(name, ())):
                named.append(f"{name}:{number}: {line.strip()}")
    assert named == []


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines())
        for file in files(*SOURCE, "tests")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_a_line_of_a_script_can_be_read() -> None:
    scripts = [file for app in ("rooms", "jobs") for file in (ROOT / app).rglob("*.js")]
    long = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in scripts
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > LONGEST_SCRIPT_LINE
    ]
    assert scripts and long == []


def test_a_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in files(*SOURCE)
        if file.read_text().strip() and ast.get_docstring(ast.parse(file.read_text())) is None
    ]
    assert silent == []


# Django finds commands by this name. Choices are named as the column's, once as types for Pydantic.
# The terminal's client stands alone, to be copied.
OFTEN_NAMED = {"Command", "Role", "Visibility", "Object"}


def defined(file: Path) -> Iterator[str]:
    """Names of a file's classes and types; `Role = Membership.Role` defines none."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            is_type = name[0].isupper() and not name.isupper()
            if is_type and not (isinstance(node.value, ast.Attribute) and node.value.attr == name):
                yield name


def test_a_name_is_one_thing() -> None:
    """A search for a class finds it, and nothing else that is called the same."""
    found: dict[str, list[str]] = {}
    for file in files(*SOURCE):
        for name in defined(file):
            found.setdefault(name, []).append(str(file.relative_to(ROOT)))
    twice = {name: where for name, where in found.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in OFTEN_NAMED} == {}


def test_every_module_stands_in_the_table() -> None:
    page = module_table.PAGE.read_text()
    assert module_table.with_table(page) == page, "run: python -m tests.module_table"


# Folders ------------------------------------------------------------------------------------------

# Arrows against the stream, and why they stay.
BACK_ARROWS = {
    # A node is the parts of a process put together; a socket asks for the one that it is in.
    ("rooms.live.commands", "rooms.live.node"),
    ("rooms.live.serving", "rooms.live.node"),
}
CORE_KNOWS = {"rooms.models", "rooms.protocol", "rooms.text", "rooms.http", "rooms.limits"}


def place(module: str) -> str:
    """The folder that a module is in. One that registers a slice, or lies beside folders, is a
    place of its own."""
    parts = module.split(".")
    if parts[-1] == "slice":
        return module
    for depth in (3, 2):
        if len(parts) >= depth and ROOT.joinpath(*parts[:depth]).is_dir():
            if depth == 2 and parts[:2] == ["rooms", "live"]:
                return ".".join(parts[:3])
            return ".".join(parts[:depth])
    return ".".join(parts[:2])


def arrows() -> dict[tuple[str, str], str]:
    """(from, to) of all folders, with one import that makes the arrow; typed ones included."""
    found: dict[tuple[str, str], str] = {}
    for file in files("rooms", "jobs"):
        here = place(module_name(file))
        for name in imports(file):
            if name.split(".")[0] in ("rooms", "jobs") and "." in name:
                there = place(name)
                exists = ROOT.joinpath(*there.split("."))
                if there != here and (exists.is_dir() or exists.with_suffix(".py").exists()):
                    found.setdefault((here, there), f"{file.relative_to(ROOT)} imports {name}")
    return found


def circles(found: dict[tuple[str, str], str]) -> set[str]:
    """The arrows that are part of a circle or lie between two."""
    waiting = {each for pair in found for each in pair}
    # What imports nothing that is left, or is imported by nothing, can be taken away.
    while True:
        left = [(here, to) for here, to in found if {here, to} <= waiting]
        free = waiting - ({here for here, _ in left} & {to for _, to in left})
        if not free:
            return {found[pair] for pair in left}
        waiting -= free


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_circles_are_found() -> None:
    there = {("a", "b"): "ab", ("b", "c"): "bc", ("c", "b"): "cb", ("c", "d"): "cd"}
    assert circles(there) == {"bc", "cb"}


def test_no_circle_between_folders() -> None:
    found = {pair: why for pair, why in arrows().items() if pair not in BACK_ARROWS}
    assert circles(found) == set()


def test_no_circle_between_files() -> None:
    """Imports for types are arrows as well: who reads one file of a circle has to read them all."""
    modules = {module_name(file): file for file in files(*SOURCE)}
    found = {}
    for here, file in modules.items():
        names = [name for name in imports(file) if name in modules]
        for name in names:
            # `from package import module` names the package as well, of which nothing is used.
            through = any(each.startswith(f"{name}.") for each in names)
            if name != here and not through:
                found[here, name] = f"{file.relative_to(ROOT)} imports {name}"
    assert circles(found) == set()


def test_the_core_imports_no_feature_and_no_feature_another() -> None:
    wrong = [
        why
        for (here, to), why in arrows().items()
        if (here == "rooms.core" and to not in CORE_KNOWS)
        or (
            here.startswith("rooms.features.")
            and to.startswith("rooms.features.")
            and to != here.removesuffix(".slice")
        )
    ]
    assert wrong == []
