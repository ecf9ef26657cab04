"""Renews the locks from `pyproject.toml`: `make lock`.

Versions that are there stay; ARGS="--upgrade-package django" moves one, ARGS=--upgrade all of them.
The locks are for every Python and system that Parley supports, with hashes, and name no index. Uses
`uv`, in an environment of its own.
"""

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TOOLS = ROOT / ".cache" / "lock"
# Each lock has all that the one before it has, at the same versions.
EXTRAS = {"base": [], "dev": ["dev"], "bench": ["dev", "bench"]}


def uv() -> Path:
    program = TOOLS / "bin" / "uv"
    if not program.exists():
        venv.create(TOOLS, with_pip=True)
        pip = [TOOLS / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "-q", "uv"], check=True)
    return program


def compile_lock(name: str, before: str | None, options: list[str]) -> None:
    command = [uv(), "pip", "compile", "pyproject.toml", "--quiet", "--universal"]
    command += ["--generate-hashes", "--no-header", "--python-version", "3.11"]
    command += ["--output-file", HERE / f"{name}.txt"]
    command += [f"--extra={extra}" for extra in EXTRAS[name]]
    if before is not None:
        command += ["--constraints", HERE / f"{before}.txt"]
    # Of the larger locks only what the smaller ones do not pin may move.
    subprocess.run([*command, *options], cwd=ROOT, check=True)


def main(options: list[str]) -> None:
    before = None
    for name in EXTRAS:
        compile_lock(name, before, options)
        before = name


if __name__ == "__main__":
    main(sys.argv[1:])
