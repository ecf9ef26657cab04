"""A throw-away PgBouncer in front of a cluster: what its clients get changes hands all the time."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from . import postgres
from .process import Guard
from .waiting import until

PORT = 6432
PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")
CONFIGURATION = """\
[databases]
* = host={server} user=parley

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
"""


def find_program() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path=":".join(PLACES))


@contextmanager
def in_front_of(cluster: str, size: int) -> Iterator[str]:
    """One that gives each transaction one of `size` connections; its URL, as the cluster's."""
    program = find_program()
    if program is None:
        raise RuntimeError("PgBouncer was not found")
    with postgres.folder_for_servers() as (folder, run_as):
        configuration = folder / "pgbouncer.ini"
        server: Path = postgres.folder_of(cluster)
        configuration.write_text(
            CONFIGURATION.format(server=server, port=PORT, folder=folder, size=size)
        )
        configuration.chmod(0o644)
        pooler = subprocess.Popen(
            [program, "-q", configuration],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
            **run_as,
        )
        guard = Guard()
        guard.tell(f"+{pooler.pid}")
        try:
            until(lambda: (folder / f".s.PGSQL.{PORT}").exists(), what="PgBouncer listens")
            yield f"postgres://parley@{quote(str(folder), safe='')}:{PORT}/postgres"
        finally:
            pooler.kill()
            pooler.wait()
            guard.tell(f"-{pooler.pid}")
            guard.close()
