"""Python, packages, system checks, limits of this machine."""

import os
import resource
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from django.core import checks

from rooms.doctor.findings import Observation, Probe, doubtful, register
from rooms.doctor.verdicts import program
from rooms.limits import limits
from rooms.live.serving.capacity import wanted_descriptors

OLDEST_PYTHON = (3, 11)
LOCK = "requirements/base.txt"


def python() -> Iterator[Observation]:
    yield program.python(sys.version_info[:3], OLDEST_PYTHON)


def packages() -> Iterator[Observation]:
    path = settings.BASE_DIR / LOCK
    if not path.is_file():
        yield doubtful("Packages", f"{LOCK} is not here to be compared", "Ship it with the rest.")
        return
    wanted = dict(program.locked(path.read_text()))
    yield from program.packages(wanted, {name: _installed(name) for name in wanted})


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def for_this_machine() -> bool:
    return bool(settings.ENVIRONMENT.for_this_machine_alone)


def system_checks() -> Iterator[Observation]:
    """As `manage.py check --deploy`, but of the settings that web processes have."""
    found = checks.run_checks(include_deployment_checks=True)
    yield from program.system_checks(found, for_this_machine())


def database_checks() -> Iterator[Observation]:
    found = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    yield from program.system_checks(found, False)


def machine() -> Iterator[Observation]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = wanted_descriptors(limits().connections, limits().guests)
    yield program.open_files(None if hard == resource.RLIM_INFINITY else hard, wanted)
    yield program.user(os.geteuid())


register(
    Probe("python", "Program", python),
    Probe("packages", "Program", packages),
    Probe("checks", "Program", system_checks, seconds=15),
    Probe("machine", "Program", machine),
)
# Beside the other probes of the database.
DATABASE_CHECKS = Probe("database-checks", "Database", database_checks, needs=("database",))
