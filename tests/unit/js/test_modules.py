"""The browser's modules, each tested in a real browser by the file beside this one."""

import mimetypes
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
