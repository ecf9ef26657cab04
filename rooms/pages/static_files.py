"""Static files under an address that changes with them: `/static/VERSION/rooms/core/dom.js`.

VERSION is made of all that these files hold, so a browser may keep what it has for good, and what
a module or a style names relative to itself is of the same version. Each web process sees to it at
its start that the files of its version lie in `STATIC_ROOT/VERSION`, compressed. Those of other
versions are served from there as well: during a renewal of the processes, a page of one version may
ask a process of the other. With DEBUG, files are served from where they are written.
"""

import fcntl
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.compress import Compressor
from servestatic.middleware import ServeStaticMiddleware
from servestatic.storage import CompressedStaticFilesStorage
from servestatic.utils import run_async_in_thread

# Nobody asks for these: source maps, and the documentation page that is not in use.
LEFT_OUT = ["CVS", ".*", "*~", "*.map", "redoc.*"]
VERSION_LETTERS = 12
VERSIONED = re.compile(rf"/[0-9a-f]{{{VERSION_LETTERS}}}/")
# As many releases may be in use at once.
KEPT_VERSIONS = 3
MAY_READ = 0o755


def sources() -> Iterator[tuple[str, Storage]]:
    """Each static file by its name, and where it is read; of one name, the one that counts."""
    seen: set[str] = set()
    for finder in finders.get_finders():
        for name, storage in finder.list(LEFT_OUT):
            if name not in seen:
                seen.add(name)
                yield name, storage


@cache
def version() -> str:
    """Twelve letters made of the names and the contents of all static files."""
    digest = hashlib.sha256()
    for name, storage in sorted(sources(), key=lambda found: found[0]):
        content = Path(storage.path(name)).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:VERSION_LETTERS]


class VersionedStaticFiles(CompressedStaticFilesStorage):
    """Where `{% static %}` and `collectstatic` find a version's address and its folder."""

    def __init__(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            options.setdefault("location", Path(settings.STATIC_ROOT) / version())
            options.setdefault("base_url", f"{settings.STATIC_URL}{version()}/")
        super().__init__(*args, **options)


@cache
def collected() -> Path:
    """The folder of this version, made when it is not there yet. Processes that start together
    wait for the first."""
    root = Path(settings.STATIC_ROOT)
    folder = root / version()
    if folder.is_dir():
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        with open(root / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                collect_into(folder)
                remove_all_but(KEPT_VERSIONS, root)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The static files cannot be put into {folder}: {error}. Run `manage.py collectstatic`"
            " beforehand, as somebody who may write there, or let STATIC_ROOT name another folder."
        ) from None
    return folder


def collect_into(folder: Path) -> None:
    """All of it, or nothing: what a crash left half done has another name."""
    for left in folder.parent.glob(".draft-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    draft.chmod(MAY_READ)
    compressor = Compressor(quiet=True)
    for name, storage in sources():
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(storage.path(name), path)
        if compressor.should_compress(name):
            # A generator: it compresses while one asks for the names.
            list(compressor.compress(str(path)))
    draft.rename(folder)


def remove_all_but(kept: int, root: Path) -> None:
    """Folders of versions, the oldest first."""
    versions = [each for each in root.iterdir() if VERSIONED.fullmatch(f"/{each.name}/")]
    versions.sort(key=lambda each: each.stat().st_mtime)
    for folder in versions[:-kept]:
        shutil.rmtree(folder, ignore_errors=True)


class StaticFiles(ServeStaticMiddleware):
    """Serves them, before anything else of Django sees the request. Each is looked for when it is
    first asked for: to look at all of them took a quarter of a second of each start."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.autorefresh:
            collected()

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not self.autorefresh and path.startswith(self.static_prefix) and path not in self.files:
            found = await run_async_in_thread(self.find_file, path)
            if found is not None:
                self.files[path] = found
        response: HttpResponseBase = await super().__call__(request)
        return response

    def candidate_paths_for_url(self, url: str) -> Iterator[str]:
        """Without a version as well, for addresses from elsewhere: that is the file of this one."""
        if self.autorefresh or self.has_version(url):
            yield from super().candidate_paths_for_url(url)
            return
        root = collected()
        path = str(root / url.removeprefix(self.static_prefix))
        if self.path_within_root(root, path):
            yield path

    def has_version(self, url: str) -> bool:
        return VERSIONED.match(url[len(self.static_prefix) - 1 :]) is not None

    def immutable_file_test(self, path: str, url: str) -> bool:
        return self.has_version(url)
