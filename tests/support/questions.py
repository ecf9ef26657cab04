"""Questions to a process inside a site's environment (`inside`), which starts at the first."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from . import environment, forked
from .process import Guard

COMMAND = [sys.executable, "-m", "tests.support.inside"]


class Questions:
    def __init__(self, env: Mapping[str, str], log: Path, watched_by: Guard, quick: bool) -> None:
        self._env, self._log, self._guard, self._quick = env, log, watched_by, quick
        self._process: subprocess.Popen[bytes] | forked.Forked | None = None
        self._asked: IO[str] | None = None
        self._answered: IO[str] | None = None

    def ask(self, code: str) -> Any:
        """The value of the code, by way of JSON."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            self._start()
        assert self._asked is not None and self._answered is not None
        self._asked.write(json.dumps(code) + "\n")
        self._asked.flush()
        line = self._answered.readline()
        assert line, f"the process inside ended: {self._log.read_text()[-3000:]}"
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def _start(self) -> None:
        asked, question = os.pipe()
        answer, answered = os.pipe()
        with open(asked, "rb") as stdin, open(answered, "wb") as out, open(self._log, "ab") as log:
            if self._quick and forked.can_be(COMMAND):
                self._process = forked.launch(COMMAND, self._env, stdin, out, log)
            else:
                self._process = subprocess.Popen(
                    COMMAND,
                    cwd=environment.ROOT,
                    env=self._env,
                    stdin=stdin,
                    stdout=out,
                    stderr=log,
                    start_new_session=True,
                )
        self._asked, self._answered = open(question, "w"), open(answer)
        self._guard.tell(f"+{self._process.pid}")

    def end(self) -> None:
        """The next question starts another."""
        for each in (self._asked, self._answered):
            if each is not None:
                each.close()
        self._asked = self._answered = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
