"""What a page asks for comes compressed, may be kept for good, and is all there."""

import posixpath
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import httpx
import pytest

from tests.support.site import Site

pytestmark = pytest.mark.once
PARTS = ("web",)
NAMED = re.compile(r'(?:src|href)="(/static/[^"]+)"')
IMPORTED = re.compile(r'(?:^|\n)(?:import|export)\b[^"\n]*"(\.[^"]+)"')


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    if not site.ask("Room.objects.filter(slug='quay').exists()"):
        site.room("quay", "alice")
    headers = {**site.user("alice").cookie, "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=site.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("page", ["/rooms/quay/", "/rooms/", "/tokens/"])
def test_every_file_of_a_page(client: httpx.Client, page: str) -> None:
    html = client.get(page)
    assert html.headers["Content-Encoding"] == "gzip"
    waiting, seen = NAMED.findall(html.text), set()
    assert any(url.endswith(".js") for url in waiting)
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert answer.headers["Cache-Control"].endswith("immutable"), url
        # A file of some hundred bytes does not become smaller.
        if len(answer.content) > 1500:
            assert answer.headers["Content-Encoding"] == "gzip", url
        if url.endswith(".js"):
            assert answer.headers["Content-Type"].startswith("text/javascript")
            waiting += [urljoin(url, found) for found in IMPORTED.findall(answer.text)]
    assert all(posixpath.normpath(url) == url for url in seen)


def test_processes_that_start_together_make_one_folder() -> None:
    with Site(parts=("web",), processes=3, env={"STATIC_ROOT": ""}) as site:
        folders = [each for each in (site.folder / "static").iterdir() if each.is_dir()]
        assert len(folders) == 1
        url = f"{site.url}/static/{folders[0].name}/rooms/mark.svg"

        def ask(_: int) -> int:
            return httpx.get(url, trust_env=False).status_code

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(ask, range(30))) == {200}


def test_debug_serves_files_from_where_they_are_written() -> None:
    with Site(parts=("web",), env={"DEBUG": "1"}) as site:
        html = httpx.get(f"{site.url}/accounts/login/", trust_env=False)
        found = NAMED.findall(html.text)
        assert all(re.match(r"/static/[a-z]", url) for url in found)
        answer = httpx.get(site.url + found[0], trust_env=False)
        assert answer.status_code == 200
        assert "immutable" not in answer.headers["Cache-Control"]
        assert not (site.folder / "static").exists()
