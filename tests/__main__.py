"""The whole suite, on SQLite and on PostgreSQL: `python -m tests [options of pytest]`.

What `make test` runs. Unit tests that are named alone run once, and need no browser and no
PostgreSQL. Says at the end, for each database, how many tests passed, failed and were
skipped; fails when one failed or none ran. `TEST_DATABASES=sqlite` leaves PostgreSQL out.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.support import postgres, provision

ROOT = Path(__file__).resolve().parents[1]
# One more than cores: a test waits now and then. They need memory and ports, so not any number.
AT_ONCE = str(max(3, min(8, (os.cpu_count() or 2) + 1)))
# Where tests of both databases are; the unit tests know of none.
WITH_DATABASE = ("tests/integration", "tests/e2e", "tests/faults")


@dataclass
class Outcome:
    """What one run of pytest came to."""

    database: str
    code: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def good(self) -> bool:
        return self.code == 0 and self.failed == 0 and self.passed > 0

    def __str__(self) -> str:
        counts = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"{self.database}: {counts}"


def main(arguments: list[str]) -> int:
    chosen = os.environ.get("TEST_DATABASES", "sqlite,postgresql").split(",")
    coverage = "--coverage" in arguments
    if coverage:
        arguments = [
            "--cov=rooms",
            "--cov=jobs",
            "--cov=config",
            "--cov-report=term-missing:skip-covered",
        ] + [each for each in arguments if each != "--coverage"]
        chosen = ["sqlite"]
    paths = named_paths(arguments)
    if paths and not needs_database(paths):
        chosen = ["sqlite"]
    try:
        if not paths or needs_browser(paths):
            provision.require_browser()
        if "postgresql" in chosen:
            provision.require_postgres()
            provision.require_pgbouncer()
    except provision.Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    outcomes = []
    if "sqlite" in chosen:
        outcomes.append(pytest("sqlite", "", ["-m", "not postgresql", *arguments]))
    if "postgresql" in chosen:
        here = [folder for folder in WITH_DATABASE if (ROOT / folder).is_dir()]
        with a_postgres() as url:
            outcomes.append(pytest("postgresql", url, ["-m", "not once", *arguments], here))
    print()
    for outcome in outcomes:
        print(outcome)
    return 0 if outcomes and all(outcome.good for outcome in outcomes) else 1


def named_paths(arguments: list[str]) -> list[str]:
    """The files and folders that are asked for by name."""
    names = [argument.partition("::")[0] for argument in arguments if argument[:1] != "-"]
    return [name for name in names if (ROOT / name).exists()]


def needs_database(paths: list[str]) -> bool:
    """Whether there is anything to run on a second database."""
    return any(not (ROOT / path).is_relative_to(ROOT / "tests" / "unit") for path in paths)


def needs_browser(paths: list[str]) -> bool:
    folders = [ROOT / "tests" / name for name in ("e2e", "faults", "unit/js")]
    return any(
        (ROOT / path).is_relative_to(folder) or folder.is_relative_to(ROOT / path)
        for path in paths
        for folder in folders
    )


def pytest(
    database: str, url: str, arguments: list[str], folders: list[str] | None = None
) -> Outcome:
    """One run; the tests of a file stay together, because they share a site."""
    print(f"\n=== {database} ===", flush=True)
    environment = {**os.environ, "TEST_DATABASE_URL": url}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    paths = named_paths(arguments)
    alone = len(paths) == 1 and (ROOT / paths[0]).is_file()
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = [sys.executable, "-m", "pytest", "-q"]
        # One file has nothing to share out, and starting others to do it takes seconds.
        command += [] if alone else ["-n", AT_ONCE, "--dist", "loadfile"]
        command += ["--no-loadscope-reorder", "--durations=15"]
        command += [f"--junit-xml={report.name}", *arguments, *([] if paths else folders or [])]
        code = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL
        ).returncode
        return counted(Outcome(database, code), report.name)


def counted(outcome: Outcome, report: str) -> Outcome:
    try:
        suites = ElementTree.parse(report).getroot().iter("testsuite")
    except ElementTree.ParseError:
        return outcome
    for suite in suites:
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        outcome.failed += failed
        outcome.skipped += skipped
        outcome.passed += int(suite.get("tests", 0)) - failed - skipped
    return outcome


@contextmanager
def a_postgres() -> Iterator[str]:
    """The one that was named, else one made for this run."""
    if named := os.environ.get("TEST_POSTGRES_URL"):
        yield named
        return
    with postgres.cluster() as url:
        yield url


def stop(number: int, _frame: object) -> None:
    """Unwinds, so that what was started is ended."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    # A shell that runs us in the background has it ignored, by everything that we start, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
