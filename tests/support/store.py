"""The store that browsers run, in a process of its own: Node where there is one, else Chromium.

with Store() as store:
    store.verify({"page": …, "jobs": […]}, events, {"page": …, "jobs": […]})
"""

import json
import mimetypes
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from .browser import arguments, find_browser
from .environment import ROOT

STATIC = (ROOT / "rooms" / "static", ROOT / "jobs" / "static")
DRIVER = Path(__file__).with_name("shipped_store.js")
SITE = "http://store.test"
# One line in, one line out.
NODE = """
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
const { compare } = await import(pathToFileURL(process.argv[1]));
for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try { told = compare(JSON.parse(line)); } catch (error) { told = { error: error.stack }; }
  process.stdout.write(`${JSON.stringify(told)}\\n`);
}
"""


class Store:
    """A context manager. The process starts when it is asked first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Store":
        return self

    def verify(self, before: Any, events: list[Any], after: Any) -> None:
        """What a browser holds after these events is what a fresh page has."""
        told = self._ask({"before": before, "events": events, "after": after})
        assert "error" not in told, told["error"]
        found = list(differences(told["held"], told["fresh"]))
        assert not found, "\n".join(found)

    def _ask(self, question: dict[str, Any]) -> Any:
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the store's process has ended"
        return json.loads(answer)

    def _start(self) -> "subprocess.Popen[str]":
        self._folder = tempfile.TemporaryDirectory(prefix="parley-store-")
        folder = Path(self._folder.name)
        # As the browser sees them: the static files of all apps are one tree.
        for static in STATIC:
            shutil.copytree(static, folder, dirs_exist_ok=True)
        shutil.copy(DRIVER, folder)
        (folder / "package.json").write_text('{"type": "module"}')
        node = shutil.which("node")
        command = (
            [node, "--input-type=module", "-e", NODE, str(folder / DRIVER.name)]
            if node
            else [sys.executable, "-m", "tests.support.store", str(folder)]
        )
        return subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)
        if self._folder is not None:
            self._folder.cleanup()


def differences(held: Any, fresh: Any, where: str = "state") -> Iterator[str]:
    """Each place at which a browser holds another thing than a fresh page has."""
    if isinstance(held, dict) and isinstance(fresh, dict):
        for key in sorted(held.keys() | fresh.keys()):
            yield from differences(held.get(key), fresh.get(key), f"{where}.{key}")
    elif isinstance(held, list) and isinstance(fresh, list) and len(held) == len(fresh):
        for index, (one, other) in enumerate(zip(held, fresh, strict=True)):
            yield from differences(one, other, f"{where}[{index}]")
    elif held != fresh:
        yield f"{where}: held {held!r}, fresh {fresh!r}"


def in_chromium(folder: Path) -> None:
    """The same lines as Node's, answered by a page. A process of its own, as Playwright's event
    loop and Django's database do not share a thread."""
    from playwright.sync_api import Route, sync_playwright

    def answer(route: Route) -> None:
        path = folder / route.request.url.removeprefix(f"{SITE}/")
        if path == folder:
            route.fulfill(content_type="text/html", body="<!doctype html><title>store</title>")
        else:
            kind = mimetypes.guess_type(path)[0] or "text/plain"
            route.fulfill(content_type=kind, body=path.read_bytes())

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=find_browser(), args=arguments())
        page = program.new_page()
        page.route(f"{SITE}/**", answer)
        page.goto(f"{SITE}/")
        for line in sys.stdin:
            told = page.evaluate(
                """async ([module, question]) => {
                    const { compare } = await import(module);
                    try {
                        return compare(question);
                    } catch (error) {
                        return { error: error.stack };
                    }
                }""",
                [f"{SITE}/{DRIVER.name}", json.loads(line)],
            )
            print(json.dumps(told), flush=True)
        program.close()


if __name__ == "__main__":
    in_chromium(Path(sys.argv[1]))
