"""A load in a process of its own, and the conversation with it.

The conductor is a scenario's `run(options)`. A load is a module with `load(plan, talk)`. One asks,
the other does it and answers with the same word, a JSON line each. Every wait has an end, and a
load whose conductor is gone ends itself.

    with Loader("tests.bench.scenarios.talking", {"port": site.port}) as loader:
        loader.ask("settle", rooms=rooms)
        found = loader.ask("measure", seconds=5, rate=2)
"""

import importlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from types import TracebackType
from typing import Any

from tests.bench import layout
from tests.bench.driver import LoadFailed
from tests.bench.scenarios.sockets import Sockets
from tests.support.environment import ROOT

Words = dict[str, Any]
# The loads' own waits are shorter, and say more; this one is for a load that says nothing at all.
LONGEST = 400.0


class Loader:
    """The conductor's end. A context manager: the process is gone at its end."""

    def __init__(self, module: str, plan: Words, nice: int = 0) -> None:
        self.name = module.rsplit(".", 1)[-1]
        self._plan = {**plan, "nice": nice}
        self._command = [sys.executable, "-m", __name__, module]
        self._said: queue.Queue[str] = queue.Queue()

    def __enter__(self) -> "Loader":
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self._write(self._plan)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        for each in (self._process.stdin, self._process.stdout, self._errors):
            if each is not None:
                try:
                    each.close()
                except OSError:
                    continue

    def ask(self, word: str, **values: Any) -> Words:
        """Have it done; what came of it."""
        self.begin(word, **values)
        return self.end(word)

    def begin(self, word: str, **values: Any) -> None:
        """The same in two steps, when something else is to happen meanwhile."""
        self._write({"word": word, **values})

    def end(self, word: str) -> Words:
        try:
            line = self._said.get(timeout=LONGEST)
        except queue.Empty:
            raise LoadFailed(f"{self.name}: {word!r} took more than {LONGEST:.0f} s") from None
        if not line:
            raise LoadFailed(f"{self.name}: the load ended before {word!r}:\n{self._told()}")
        said: Words = json.loads(line)
        if said["word"] != word:
            raise LoadFailed(f"{self.name}: {word!r} failed: {said.get('error', said)}")
        return said

    def _write(self, line: Words) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise LoadFailed(f"the load of {self.name} is gone:\n{self._told()}") from None

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line)
        self._said.put("")

    def _told(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-3000:]


class Talk:
    """The load's end."""

    def __init__(self) -> None:
        self._heard: deque[Words] = deque()
        # What a library prints must not stand between the words.
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        sys.stdout = sys.stderr
        self.plan: Words = json.loads(sys.stdin.readline())
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self, crew: Any) -> None:
        """Do what is asked: a word is a method of `crew`, whose `sockets` go on meanwhile."""
        while True:
            asked = self.wait(crew.sockets)
            word = asked.pop("word")
            self.tell(word, **getattr(crew, word)(**asked))

    def tell(self, word: str, **values: Any) -> None:
        self._out.write(json.dumps({"word": word, **values}) + "\n")

    def asked(self) -> bool:
        return bool(self._heard)

    def wait(self, sockets: Sockets, seconds: float = 300) -> Words:
        """The next word, while the sockets go on."""
        sockets.until(self.asked, seconds, "a word from the conductor")
        return self._heard.popleft()

    def _listen(self) -> None:
        for line in sys.stdin:
            self._heard.append(json.loads(line))
        # Nobody is there any more who would want to know.
        os._exit(3)


def main() -> None:
    talk = Talk()
    layout.allow_many_files()
    layout.settle(layout.LOAD)
    os.nice(talk.plan["nice"])
    try:
        importlib.import_module(sys.argv[1]).load(talk.plan, talk)
    except Exception as error:
        talk.tell("failed", error=f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main()
