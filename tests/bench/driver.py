"""Starts a load and hears what it tells. Used by every section: a load that hangs is ended, and one
that fails says why."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from tests.support.environment import ROOT


class LoadFailed(Exception):
    pass


def events(module: str, arguments: list[str], limit: float) -> Iterator[dict[str, Any]]:
    """The lines that `python -m module` tells, as they come. It is ended after `limit` seconds."""
    command = [sys.executable, "-m", module, *arguments]
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        assert process.stdout is not None
        overdue = threading.Event()

        def end() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(limit, end)
        timer.start()
        try:
            for line in process.stdout:
                yield json.loads(line)
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        if overdue.is_set():
            raise LoadFailed(f"{module} was not done within {limit:.0f} s")
        if code:
            complaints.seek(0)
            raise LoadFailed(f"{module}: {complaints.read().strip()[-1500:]}")
