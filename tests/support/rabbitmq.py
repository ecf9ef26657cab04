"""A throw-away RabbitMQ: a node of its own on loopback, in a temporary folder, removed afterwards.

Nothing of the system's service is used, its configuration and its cookie included.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import Guard, Process
from .site import free_port

# The script that needs neither root nor a user `rabbitmq`, before the one that does.
PLACES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/local/sbin", "/usr/sbin")


def find_program() -> str | None:
    """None: it is not installed (Debian: apt-get install rabbitmq-server)."""
    found = shutil.which("rabbitmq-server", path=":".join(PLACES))
    return found or shutil.which("rabbitmq-server")


class RabbitMQ:
    """`node` can be killed and started again; its queues stay."""

    def __init__(self, folder: Path, program: str, guard: Guard) -> None:
        self.port = free_port()
        names_port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("log.console = true\nlog.file = false\n")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_NODENAME": f"parley{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                # One core is enough for a few messages; and only this machine may come in.
                "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }
        epmd = shutil.which("epmd") or "epmd"
        # The node would start one in the background that outlives it.
        self.names = Process(
            "epmd",
            [epmd, "-port", str(names_port), "-address", "127.0.0.1"],
            environment,
            folder / "epmd.log",
            guard,
            lambda process: process.running,
        )
        self.node = Process(
            "rabbitmq",
            [program],
            environment,
            folder / "node.log",
            guard,
            lambda process: "Server startup complete" in process.log(),
        )


@contextmanager
def node() -> Iterator[RabbitMQ]:
    program = find_program()
    assert program is not None
    folder = Path(tempfile.mkdtemp(prefix="parley-r-"))
    guard = Guard()
    made = RabbitMQ(folder, program, guard)
    try:
        made.names.start()
        made.node.start()
        yield made
    finally:
        for process in (made.node, made.names):
            if process.popen is not None:
                process.kill()
        guard.close()
        shutil.rmtree(folder, ignore_errors=True)
