"""Python, packages, system checks, and the machine that it all runs on."""

from collections.abc import Iterable, Iterator, Mapping

from django.core.checks import ERROR, WARNING, CheckMessage
from packaging.requirements import InvalidRequirement, Requirement

from rooms.doctor.findings import Observation, doubtful, good, wrong

INSTALL = (
    "Install what the lock says: make, or pip install --require-hashes -r requirements/base.txt."
)
MOST_NAMES = 5


def python(version: tuple[int, int, int], oldest: tuple[int, int]) -> Observation:
    said = ".".join(map(str, version))
    if version[:2] < oldest:
        return wrong("Python", said, f"Use Python {'.'.join(map(str, oldest))} or newer.")
    return good("Python", said)


def locked(text: str) -> Iterator[tuple[str, str]]:
    """Names and versions of a lock that are meant for this machine."""
    for line in text.splitlines():
        if not line or line[0] in " #-":
            continue
        try:
            wanted = Requirement(line.rstrip("\\ "))
        except InvalidRequirement:
            continue
        if wanted.marker is None or wanted.marker.evaluate():
            yield wanted.name, str(wanted.specifier).removeprefix("==")


def packages(wanted: Mapping[str, str], there: Mapping[str, str | None]) -> Iterator[Observation]:
    """`there`: the versions that are installed; None: it is not."""
    missing = [name for name in wanted if there.get(name) is None]
    others = [
        f"{name} {there[name]} (the lock has {version})"
        for name, version in wanted.items()
        if there.get(name) not in (None, version)
    ]
    if missing:
        yield wrong("Packages", f"missing: {_some(missing)}", INSTALL)
    if others:
        yield doubtful("Packages", f"others than tested: {_some(others)}", INSTALL)
    if not missing and not others:
        yield good("Packages", f"{len(wanted)}, all as in the lock")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def system_checks(
    messages: Iterable[CheckMessage], for_this_machine: bool
) -> Iterator[Observation]:
    """`for_this_machine`: nobody comes from elsewhere, and what is for the open network does not
    concern it."""
    found = 0
    for each in messages:
        name = each.id or "check"
        if each.is_silenced() or (for_this_machine and name.startswith("security.")):
            continue
        said = " ".join(each.msg.split())
        todo = " ".join((each.hint or f"See {name} in Django's list of system checks.").split())
        if each.level >= ERROR:
            yield wrong(name, said, todo)
        elif each.level >= WARNING:
            yield doubtful(name, said, todo)
        else:
            continue
        found += 1
    if not found:
        who = " (of a site for this machine alone)" if for_this_machine else ""
        yield good("System checks", f"nothing to say{who}")


def open_files(hard: int | None, wanted: int) -> Observation:
    """`hard` is the limit of this shell; None: there is none. Services have their own."""
    if hard is None or hard >= wanted:
        return good("Open files", f"{'any number' if hard is None else hard} (here)")
    return doubtful(
        "Open files",
        f"{hard} may be open at once (here); {wanted} are needed for all connections of a process",
        f"LimitNOFILE={wanted} in the unit, or ulimit -n; or lower PARLEY_CONNECTIONS.",
    )


def user(uid: int) -> Observation:
    if uid == 0:
        return doubtful(
            "User", "this runs as root", "Give the site a user of its own: see deploy/systemd."
        )
    return good("User", f"uid {uid}, not root")
