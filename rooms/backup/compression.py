"""Streams of `.tar.gz` and `.tar.zst`, by the name of the file. Zstandard is Python's own from 3.14
on; before that it is the program `zstd`."""

import gzip
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .manifest import UnusableArchive

ENDINGS = (".tar.zst", ".tar.gz", ".tgz")
GZIP_LEVEL = 6


def require_known(path: Path) -> None:
    """Raises UnusableArchive."""
    if not path.name.endswith(ENDINGS):
        raise UnusableArchive(f"{path.name} has to end with {' or '.join(ENDINGS[:2])}")
    if path.name.endswith(".zst") and sys.version_info < (3, 14) and not shutil.which("zstd"):
        raise UnusableArchive("for .tar.zst the program zstd is needed; install it, or use .tar.gz")


@contextmanager
def writing(name: str, file: IO[bytes]) -> Iterator[Any]:
    """What is written here comes compressed into `file`, all of it when this ends."""
    if not name.endswith(".zst"):
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=GZIP_LEVEL) as gz:
            yield gz
        return
    if sys.version_info >= (3, 14):
        from compression import zstd

        with zstd.ZstdFile(file, "wb") as stream:
            yield stream
        return
    command = ["zstd", "-q", "-c", "-T0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file) as process:
        yield process.stdin
    if process.returncode:
        raise OSError(f"zstd ended with {process.returncode}")


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    if not path.name.endswith(".zst"):
        with gzip.open(path, "rb") as gz:
            yield gz
        return
    if sys.version_info >= (3, 14):
        from compression import zstd

        with zstd.ZstdFile(path, "rb") as stream:
            yield stream
        return
    with path.open("rb") as file:
        command = ["zstd", "-q", "-d", "-c"]
        with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
            finally:
                # It may have more to say than anybody wants to hear.
                process.stdout.close()
                process.wait()
