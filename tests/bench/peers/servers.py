"""Starts each peer with what it leans on, and says what of it this machine lacks."""

import functools
import hashlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import redis

from rooms.management.embedded_redis import find_server
from tests.bench import layout
from tests.bench.contenders import Contender, Running, versions
from tests.bench.options import Options
from tests.support import environment
from tests.support.process import Guard, Process
from tests.support.site import free_port

HERE = Path(__file__).resolve().parent
NODE = environment.ROOT / ".cache" / "bench" / "node"
NPM_SECONDS = 300


class Ground:
    """A folder, a port and a Redis of its own for one peer, all gone at the end."""

    def __init__(self) -> None:
        # Short: a Unix socket's path has to fit into some hundred bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="parley-b-"))
        self.redis_socket = self.folder / "redis.sock"
        self.port = free_port()
        self.guard = Guard()
        self.processes: list[Process] = []

    def start(self, name: str, command: list[str], env: dict[str, str] | None = None) -> None:
        """Until it takes connections."""
        ready = self._redis_answers if name == "redis" else self._listens
        process = Process(
            name,
            command,
            {**environment.clean(), "PYTHONPATH": str(environment.ROOT), **(env or {})},
            self.folder / f"{name}.log",
            self.guard,
            lambda _: ready(),
        )
        self.processes.append(process)
        process.start()

    def start_redis(self) -> str:
        """Its URL. It keeps nothing, on the kind of socket that Parley's own has."""
        options = ["--port", "0", "--unixsocket", str(self.redis_socket), "--save", ""]
        options += ["--dir", str(self.folder)]
        self.start("redis", [str(find_server()), *options])
        return f"unix://{self.redis_socket}"

    def _redis_answers(self) -> bool:
        with suppress(redis.RedisError, OSError):
            with redis.Redis(unix_socket_path=str(self.redis_socket)) as client:
                return bool(client.ping())
        return False

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False

    def running(self) -> Running:
        return Running(self.port, [process.pid for process in self.processes])

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.popen is not None:
                process.kill()
        self.guard.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def ground() -> Iterator[Ground]:
    with layout.on(layout.SERVER):
        made = Ground()
        try:
            yield made
        finally:
            made.close()


# Python -------------------------------------------------------------------------------------------


def tutorial(name: str, layer: str) -> Contender:
    @contextmanager
    def start(_options: Options) -> Iterator[Running]:
        with ground() as here:
            env = {"BENCH_REDIS": here.start_redis(), "BENCH_LAYER": layer}
            command = ["-m", "daphne", "-b", "127.0.0.1", "-p", str(here.port)]
            command.append("tests.bench.peers.tutorial:application")
            here.start("daphne", [sys.executable, *command], env)
            yield here.running()

    return Contender(
        f"channels-{name}",
        f"Channels tutorial on Daphne, channels_redis {name}",
        "plain",
        start,
        lambda: versions("channels", "channels-redis", "daphne"),
    )


def broadcast(loop: str) -> Contender:
    @contextmanager
    def start(_options: Options) -> Iterator[Running]:
        with ground() as here:
            command = ["-m", "tests.bench.peers.broadcast", str(here.port), loop]
            here.start("broadcast", [sys.executable, *command])
            yield here.running()

    return Contender(
        f"websockets-{loop}",
        f"websockets broadcast(), {loop}",
        "plain",
        start,
        lambda: versions("websockets", *(["uvloop"] if loop == "uvloop" else [])),
    )


@contextmanager
def start_fastapi(_options: Options) -> Iterator[Running]:
    with ground() as here:
        env = {"BENCH_REDIS": here.start_redis()}
        command = ["-m", "uvicorn", "tests.bench.peers.fastapi_room:app", "--host", "127.0.0.1"]
        command += ["--port", str(here.port), "--log-level", "warning"]
        here.start("uvicorn", [sys.executable, *command], env)
        yield here.running()


def lacks_fastapi() -> str:
    lacking = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    return f"{' and '.join(lacking)} (`make bench` installs them)" if lacking else ""


FASTAPI = Contender(
    "fastapi",
    "FastAPI on uvicorn, Redis pub/sub",
    "plain",
    start_fastapi,
    lambda: versions("fastapi", "uvicorn", "websockets", "uvloop", "redis"),
    lacks_fastapi,
)


# Node ---------------------------------------------------------------------------------------------


@functools.cache
def lacks_node() -> str:
    """Installs the locked packages into a cache folder, once."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "Node.js with npm"
    lock = hashlib.sha256((HERE / "node" / "package-lock.json").read_bytes()).hexdigest()
    stamp = NODE / "installed"
    NODE.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "node").iterdir():
        shutil.copy(file, NODE)
    if stamp.exists() and stamp.read_text() == lock:
        return ""
    stamp.unlink(missing_ok=True)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=NODE, capture_output=True, text=True, timeout=NPM_SECONDS
        )
    except subprocess.TimeoutExpired:
        return "its packages (npm was not done in time)"
    if done.returncode:
        return f"its packages (npm says: {(done.stderr.strip().splitlines() or ['nothing'])[0]})"
    stamp.write_text(lock)
    return ""


def node_versions(*packages: str) -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    found = [f"Node {node.removeprefix('v')}"]
    for package in packages:
        file = NODE / "node_modules" / package / "package.json"
        with suppress(OSError):
            found.append(f"{package} {json.loads(file.read_text())['version']}")
    return ", ".join(found)


@contextmanager
def start_socketio(_options: Options) -> Iterator[Running]:
    with ground() as here:
        here.start_redis()
        command = ["node", str(NODE / "socketio.js"), str(here.port), str(here.redis_socket)]
        here.start("socketio", command, {"NODE_ENV": "production"})
        yield here.running()


@contextmanager
def start_ws(_options: Options) -> Iterator[Running]:
    with ground() as here:
        command = ["node", str(NODE / "ws.js"), str(here.port)]
        here.start("ws", command, {"NODE_ENV": "production"})
        yield here.running()


SOCKETIO = Contender(
    "socketio",
    "Socket.IO, Redis adapter",
    "socketio",
    start_socketio,
    lambda: node_versions("socket.io", "@socket.io/redis-adapter"),
    lacks_node,
)
WS = Contender("ws", "Node ws", "plain", start_ws, lambda: node_versions("ws"), lacks_node)


# NATS ---------------------------------------------------------------------------------------------


def find_nats() -> str | None:
    # Debian has it where only root looks.
    return shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")


NATS_SETTINGS = """
host: 127.0.0.1
port: -1
websocket {{ host: 127.0.0.1, port: {port}, no_tls: true }}
"""


@contextmanager
def start_nats(_options: Options) -> Iterator[Running]:
    with ground() as here:
        settings = here.folder / "nats.conf"
        settings.write_text(NATS_SETTINGS.format(port=here.port))
        here.start("nats", [find_nats() or "nats-server", "-c", str(settings)])
        yield here.running()


def nats_version() -> str:
    asked = subprocess.run([find_nats() or "", "--version"], capture_output=True, text=True)
    return asked.stdout.strip().replace(": v", " ")


NATS = Contender(
    "nats",
    "NATS, WebSocket listener",
    "nats",
    start_nats,
    nats_version,
    lambda: "" if find_nats() else "nats-server (Debian, Ubuntu: apt-get install nats-server)",
)

PEERS = [
    tutorial("core", "channels_redis.core.RedisChannelLayer"),
    tutorial("pubsub", "channels_redis.pubsub.RedisPubSubChannelLayer"),
    broadcast("asyncio"),
    broadcast("uvloop"),
    FASTAPI,
    WS,
    SOCKETIO,
    NATS,
]
