"""What a process loads at its start: all of its time to the first line goes there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import environment
from tests.support.site import MANAGE

pytestmark = pytest.mark.once

LOADED = "import sys, django; django.setup(); print(*sys.modules)"


def said(folder: Path, *command: str) -> str:
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "PARLEY_DATA_DIR": str(folder)}
    env = {**environment.clean(), **settings}
    ran = subprocess.run(
        command, env=env, cwd=environment.ROOT, check=True, capture_output=True, text=True
    )
    return ran.stdout


def test_what_serves_nothing_loads_no_server(tmp_path: Path) -> None:
    """Workers, their sweepers and every command of `manage.py`."""
    loaded = said(tmp_path, sys.executable, "-c", LOADED).split()
    assert "jobs.tasks" in loaded
    assert not {"twisted", "daphne", "autobahn", "uvloop"} & set(loaded)


def test_runserver_is_the_one_that_knows_sockets(tmp_path: Path) -> None:
    assert "--noasgi" in said(tmp_path, *MANAGE, "runserver", "--help")
