"""The browser's modules, each tested in a real browser by the file beside this one."""

import mimetypes
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# Nothing is served: the browser's requests for this site are answered from the files below.
SITE = "http://modules.test"
FOLDERS = [ROOT / "rooms" / "static", ROOT / "jobs" / "static", HERE]
FILES = sorted(HERE.glob("*.test.js"))
IMPORT = re.compile(
    r'^(?:import|export)\s+(?P<what>[^"]*?)\s*(?:from\s+)?"(?P<where>\.[^"]+)";', re.M
)
EXPORT = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|class|const|let)\s+(\w+)", re.M)
MODULES = sorted(file for folder in FOLDERS[:2] for file in folder.rglob("*.js"))


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    # A zone whose days are not all of 24 hours.
    context = browser.new_context(timezone_id="Europe/Berlin")
    context.route(f"{SITE}/**", answer)
    page = context.new_page()
    page.goto(f"{SITE}/")
    yield page
    context.close()


def answer(route: Any) -> None:
    path = route.request.url.removeprefix(f"{SITE}/")
    if not path:
        route.fulfill(content_type="text/html", body="<!doctype html><title>modules</title>")
        return
    found = [folder / path for folder in FOLDERS if (folder / path).is_file()]
    if found:
        kind = mimetypes.guess_type(path)[0] or "text/plain"
        route.fulfill(content_type=kind, body=found[0].read_bytes())
    else:
        route.fulfill(status=404, body=f"There is no {path}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_module(page: Any, file: Path) -> None:
    result = page.evaluate(
        """async ([harness, tests]) => {
            const { run } = await import(harness);
            await import(tests);
            return run();
        }""",
        [f"{SITE}/harness.js", f"{SITE}/{file.name}"],
    )
    assert not result["failures"], "\n".join(result["failures"])
    assert result["count"] > 0


def below(file: Path) -> str:
    return str(next(file.relative_to(each) for each in FOLDERS if file.is_relative_to(each)))


@pytest.mark.parametrize("module", MODULES, ids=below)
def test_what_a_module_imports_is_there(module: Path) -> None:
    """Also of modules that no test runs, and by the addresses that a browser makes of them."""
    for found in IMPORT.finditer(module.read_text()):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(below(module)), found["where"]))
        files = [folder / name for folder in FOLDERS[:2] if (folder / name).is_file()]
        assert files, f"{below(module)} imports {found['where']}, which is not there"
        names = re.match(r"\{(.*)\}", found["what"], re.S)
        wanted = {each.split(" as ")[0].strip() for each in names[1].split(",")} if names else set()
        exported = set(EXPORT.findall(files[0].read_text()))
        assert wanted - {""} <= exported, f"{below(module)}: {name} does not export all of {wanted}"
