"""Style, types, scripts, style sheets, templates, migrations, generated files: what `make check`
runs.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.support import environment

PYTHON = sys.executable
OXLINT, DENO = (str(Path(PYTHON).with_name(name)) for name in ("oxlint", "deno"))
# .oxlintrc.json, deno.json and pyproject.toml have the rules.
SCRIPTS = ["rooms", "jobs", "tests", "docs/clients"]
TYPED_SCRIPTS = [
    "rooms/static",
    "jobs/static",
    "tests/unit/js",
    "tests/polls/static",
    "tests/support/shipped_store.js",
]
TEMPLATES = ["templates", "tests/polls/templates"]
CHECKS = {
    "style": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "scripts": [OXLINT, *SCRIPTS],
    "script types": [DENO, "check", "--quiet", "--no-remote", "--no-npm", *TYPED_SCRIPTS],
    "styles": [PYTHON, "-m", "tests.stylesheets"],
    "templates": [PYTHON, "-m", "djlint", "--lint", "--quiet", *TEMPLATES],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "protocol": [PYTHON, "manage.py", "asyncapi", "--check"],
    "modules": [PYTHON, "-m", "tests.module_table", "--check"],
    "permissions": [PYTHON, "manage.py", "policy", "--check"],
    "deployment": [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
}


def main() -> int:
    env = {**environment.clean(), "SECRET_KEY": "x" * 20 + "abcdefghijklmnopqrstuvwxyz0123456789"}
    env["DENO_DIR"] = str(environment.ROOT / ".cache" / "deno")
    env["DENO_NO_UPDATE_CHECK"] = "1"
    env["PARLEY_DATA_DIR"] = str(environment.ROOT / ".cache" / "check")
    failed = []
    for name, command in CHECKS.items():
        print(f"--- {name}", flush=True)
        if subprocess.run(command, cwd=environment.ROOT, env=env).returncode:
            failed.append(name)
    print(f"\nNot good: {', '.join(failed)}" if failed else "\nAll good.")
    return 1 if failed else 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
