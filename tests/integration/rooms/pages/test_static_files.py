"""Static files: an address for each version, compressed, kept by browsers for good."""

import gzip
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.test import Client

from rooms.pages import static_files
from tests.support import environment
from tests.support.site import MANAGE

NAME = "rooms/css/base.css"
FOREVER = "max-age=315360000, public, immutable"


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A STATIC_ROOT that nobody has put anything into."""
    settings.STATIC_ROOT = tmp_path / "static"
    static_files.collected.cache_clear()
    yield settings.STATIC_ROOT
    static_files.collected.cache_clear()


def content(answer: Any) -> bytes:
    return b"".join(answer)


def test_what_pages_name_is_compressed_and_kept_for_good(root: Path) -> None:
    answer = Client().get(static(NAME), headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Cache-Control"] == FOREVER
    assert "Accept-Encoding" in answer["Vary"]
    assert b"--accent" in gzip.decompress(content(answer))
    plain = Client().get(static(NAME))
    assert "Content-Encoding" not in plain
    assert content(plain) == gzip.decompress(
        content(Client().get(static(NAME), headers={"accept-encoding": "gzip"}))
    )


def test_an_address_without_a_version_is_asked_for_again(root: Path) -> None:
    answer = Client().get(f"/static/{NAME}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "max-age=60, public"


def test_the_version_is_made_of_the_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    before = static_files.version.__wrapped__()
    assert static_files.version.__wrapped__() == before == static_files.version()
    found = list(static_files.sources())
    monkeypatch.setattr(static_files, "sources", lambda: iter(found[1:]))
    assert static_files.version.__wrapped__() != before


def test_a_process_serves_what_one_of_another_version_has_put_there(root: Path) -> None:
    client = Client()
    client.get(static(NAME))
    other = root / "0123456789ab"
    shutil.copytree(static_files.collected(), other)
    (other / NAME).write_text("/* of the other version */")
    (other / f"{NAME}.gz").unlink()
    answer = client.get(f"/static/0123456789ab/{NAME}")
    assert content(answer) == b"/* of the other version */"
    assert answer["Cache-Control"] == FOREVER
    assert client.get("/static/0123456789ab/rooms/nothing.js").status_code == 404
    assert client.get("/static/ba9876543210/rooms/mark.svg").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "0123456789ab/../../secret_key",
        "0123456789ab/%2e%2e/%2e%2e/secret_key",
        "/etc/passwd",
        "../secret_key",
        "rooms/css/base.css.gz",
        "rooms",
        ".lock",
        "",
    ],
)
def test_nothing_else_is_served_from_there(path: str, root: Path) -> None:
    root.mkdir()
    (root.parent / "secret_key").write_text("secret")
    (root / "0123456789ab").mkdir()
    (root / ".lock").touch()
    assert Client().get(f"/static/{path}").status_code == 404


def test_what_a_crash_left_half_done_is_not_taken_for_a_version(root: Path) -> None:
    (root / ".draft-dead" / "rooms").mkdir(parents=True)
    folder = static_files.collected()
    assert (folder / NAME).is_file()
    assert [each.name for each in root.iterdir() if each.is_dir()] == [folder.name]


def test_the_oldest_versions_go(root: Path) -> None:
    for number in range(4):
        (root / f"00000000000{number}").mkdir(parents=True)
    folder = static_files.collected()
    there = {each.name for each in root.iterdir() if each.is_dir()}
    assert folder.name in there
    assert len(there) == static_files.KEPT_VERSIONS


def test_collectstatic_puts_the_files_where_the_server_looks(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {**environment.clean(), "PARLEY_DATA_DIR": str(root.parent), "STATIC_ROOT": str(root)}
    subprocess.run(
        [*MANAGE, "collectstatic", "--no-input", "-v0"], env=env, cwd=environment.ROOT, check=True
    )
    monkeypatch.setattr(static_files, "collect_into", None)
    assert (static_files.collected() / f"{NAME}.gz").is_file()


def test_a_folder_that_cannot_be_written_is_said_with_what_to_do(settings: Any) -> None:
    settings.STATIC_ROOT = Path("/proc/nothing/static")
    static_files.collected.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="collectstatic"):
        static_files.collected()
    static_files.collected.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_pages_are_compressed_and_files_of_people_are_not(lobby: Any, alice: Any) -> None:
    client = Client()
    client.force_login(alice)
    wanted = {"accept-encoding": "gzip"}
    page = client.get("/rooms/lobby/", headers=wanted)
    assert page["Content-Encoding"] == "gzip"
    assert b"Lobby" in gzip.decompress(page.content)
    state = client.get("/rooms/lobby/state/", headers=wanted)
    assert state["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/rooms/lobby/")
