"""Finds what the tests need of the system, or installs it the way that suits the system.

Called by `python -m tests`. What cannot be had is an error that says what to do, not a skip.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

from . import pgbouncer, postgres
from .browser import find_browser

T = TypeVar("T")


class Missing(Exception):
    """Something that the tests need and that could not be installed."""


def require_browser() -> str:
    installers: list[Callable[[], bool]] = [
        # Ubuntu's package of this name is a way to its own shop; Playwright's browser is not.
        lambda: not is_ubuntu() and apt("chromium"),
        lambda: run(*playwright_install(with_system_packages=can_be_root())),
    ]
    return required(
        "a Chromium or Chrome",
        find_browser,
        installers,
        "Install one (Debian: apt-get install chromium; macOS: brew install --cask google-chrome),"
        " or name its program with TEST_BROWSER.",
    )


def require_postgres() -> None:
    if os.environ.get("TEST_POSTGRES_URL"):
        return
    required(
        "PostgreSQL",
        postgres.find_programs,
        [lambda: apt("postgresql"), lambda: brew("postgresql@17")],
        "Install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install"
        " postgresql-server; macOS: brew install postgresql@17), or name an empty one that may be"
        " written with TEST_POSTGRES_URL=postgres://user:password@host/database.",
    )


def require_pgbouncer() -> None:
    required(
        "PgBouncer",
        pgbouncer.find_program,
        [lambda: apt("pgbouncer"), lambda: brew("pgbouncer")],
        "Install it (Debian, Ubuntu: apt-get install pgbouncer; Fedora: dnf install pgbouncer;"
        " macOS: brew install pgbouncer).",
    )


def required(
    what: str, find: Callable[[], T | None], installers: list[Callable[[], bool]], advice: str
) -> T:
    found = find()
    for install in installers:
        if found is not None:
            break
        print(f"The tests need {what}, and none was found. Installing it …", flush=True)
        install()
        found = find()
    if found is None:
        raise Missing(f"The tests need {what}. {advice}")
    return found


# Installing ---------------------------------------------------------------------------------------


def run(*command: str) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def as_root() -> list[str] | None:
    """What to put before a command that needs root, or None when that cannot be had unasked."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def can_be_root() -> bool:
    return as_root() is not None


def apt(package: str) -> bool:
    root = as_root()
    if root is None or shutil.which("apt-get") is None:
        return False
    quietly = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    # An old list of packages names versions that are no longer there.
    run(*quietly, "update")
    return run(*quietly, "install", "-y", "--no-install-recommends", package)


def brew(package: str) -> bool:
    return shutil.which("brew") is not None and run("brew", "install", package)


def playwright_install(with_system_packages: bool) -> list[str]:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    linux = platform.system() == "Linux"
    return [*command, "--with-deps"] if with_system_packages and linux else command


def is_ubuntu() -> bool:
    try:
        return platform.freedesktop_os_release().get("ID") == "ubuntu"
    except OSError:
        return False
