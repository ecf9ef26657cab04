"""The system's own Chromium for the browser tests, else the one that Playwright keeps."""

import os
import shutil
from pathlib import Path

NAMES = (
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# Nothing of a browser's housekeeping, which asks the network and talks to the console.
ARGUMENTS = [
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find_browser() -> str | None:
    """The program of a Chromium or Chrome. `TEST_BROWSER` names another one."""
    if named := os.environ.get("TEST_BROWSER"):
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for path in APPLICATIONS:
        if Path(path).exists():
            return path
    return playwrights_own()


def playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def arguments() -> list[str]:
    """Chromium's sandbox does not work for root."""
    return [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
