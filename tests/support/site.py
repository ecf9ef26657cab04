"""A whole Parley of real processes: Redis, database, web, worker and beat.

    with Site() as site:
        alice = site.user("alice")
        site.ask("actions.create_room(User.objects.get(username='alice'), 'lobby', 'Lobby').pk")
        site.worker.kill()
        site.worker.start()

Each has a data directory, a port and a database of its own, and leaves nothing behind.
"""

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil
import redis
from django.conf import settings
from django.test import override_settings

from rooms.management import embedded_redis

from . import environment, postgres
from .process import Guard, Process
from .questions import Questions

MANAGE = [sys.executable, str(environment.ROOT / "manage.py")]
CELERY = [sys.executable, "-m", "celery", "-A", "config"]
PASSWORD = "correct-horse-9"
PARTS = ("web", "worker", "beat")

# Leases, sweeps and rings in seconds that a test can wait for.
BRISK = {
    "PARLEY_JOB_LEASE_SECONDS": "4",
    "PARLEY_JOB_BEAT_SECONDS": "1",
    "PARLEY_JOB_SWEEP_SECONDS": "1",
    "PARLEY_JOB_RING_AGAIN_SECONDS": "2",
    "PARLEY_JOB_CANCEL_GRACE_SECONDS": "2",
    **environment.IMPATIENT,
}


@dataclass(frozen=True)
class Person:
    """A user of a site, logged in both ways."""

    id: int
    name: str
    username: str
    password: str
    token: str
    cookie_name: str
    session: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{self.cookie_name}={self.session}"}


class Site:
    """A context manager. `env` overrides variables; `parts` says what is started beside Redis.
    `quick` lets what is Python begin as a fork (`forked`), which saves most of its start; without
    it, the commands run as anybody runs them.

    `processes` share the one address of `web`. The part "web2" is one more web process with an
    address of its own, for tests that have to know who is connected where.
    """

    running: list["Site"] = []
    # What `quick` is when nothing is said.
    quick = False

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        parts: tuple[str, ...] = PARTS,
        concurrency: int = 2,
        processes: int = 1,
        quick: bool | None = None,
    ) -> None:
        if quick is not None:
            self.quick = quick
        # Short: a Unix socket's path has to fit into some hundred bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="parley-s-"))
        self.port, self.second_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}/ws/"
        self.second_url = f"http://127.0.0.1:{self.second_port}"
        self.second_socket_url = f"ws://127.0.0.1:{self.second_port}/ws/"
        self.database_name = f"site_{uuid.uuid4().hex[:12]}"
        self.parts = parts
        self.env = {
            **environment.clean(),
            **BRISK,
            "PARLEY_DATA_DIR": str(self.folder),
            # Of all the sites of this test process.
            "STATIC_ROOT": str(settings.STATIC_ROOT),
            "PARLEY_SERVING": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **kinds(),
            **(env or {}),
        }
        self._people: dict[str, Person] = {}
        self._guard = Guard()
        self._questions = Questions(self.env, self.folder / "inside.log", self._guard, self.quick)
        workers = [*CELERY, "worker", "--loglevel", "INFO", f"--concurrency={concurrency}"]
        self.redis = self._process("redis", self._redis(), lambda _: self._redis_answers())
        family = [*MANAGE, "serve", "--processes", str(processes)]
        self.web = self._process(
            "web",
            family if processes > 1 else server(self.port),
            lambda _: answers(self.url) and len(self.web_processes()) == processes,
            None if processes > 1 else self._numbers(self.port),
        )
        self.web2 = self._process(
            "web2",
            server(self.second_port),
            lambda _: answers(self.second_url),
            self._numbers(self.second_port),
        )
        self.worker = self._process(
            "worker",
            [*workers, "--without-gossip", "--without-mingle"],
            lambda process: "worker is ready." in process.log(),
        )
        self.beat = self._process(
            "beat",
            [*CELERY, "beat", "--loglevel", "INFO", "--pidfile="],
            lambda process: "maxinterval" in process.log(),
        )
        self.processes = {
            process.name: process
            for process in (self.redis, self.web, self.web2, self.worker, self.beat)
        }

    def _process(
        self, name: str, command: list[str], is_ready: Any, numbers: Path | None = None
    ) -> Process:
        log = self.folder / f"{name}.log"
        return Process(name, command, self.env, log, self._guard, is_ready, self.quick, numbers)

    def _numbers(self, port: int) -> Path:
        return self.folder / "metrics" / str(port)

    def _redis(self) -> list[str]:
        """What `manage.py redis` becomes, likewise."""
        socket = self.folder / "redis" / "redis.sock"
        with override_settings(DATA_DIR=self.folder, REDIS_SOCKET=socket):
            return embedded_redis.command()

    # Life -----------------------------------------------------------------------------------------

    def __enter__(self) -> "Site":
        Site.running.append(self)
        try:
            self._make_database()
            self.redis.start()
            chosen = [self.processes[name] for name in self.parts]
            for process in chosen:
                process.launch()
            for process in chosen:
                process.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            print(self.logs())
        self.stop()

    def stop(self) -> None:
        with suppress(ValueError):
            Site.running.remove(self)
        self.quiet()
        # What a test leaves running is not asked twice: the next one waits.
        for process in reversed(self.processes.values()):
            if process.popen is not None:
                process.kill()
        self._guard.close()
        if environment.database_url():
            postgres.drop(environment.database_url(), self.database_name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_database(self) -> None:
        """A copy of a migrated one: migrating takes seconds, copying does not."""
        template = _template()
        if environment.database_url():
            url = postgres.create(environment.database_url(), self.database_name, template)
            self.env["DATABASE_URL"] = url
        else:
            shutil.copy(template, self.folder / "db.sqlite3")
        if "PARLEY_APPS" in self.env:
            self.manage("migrate", "--verbosity=0")

    def _redis_answers(self) -> bool:
        with suppress(redis.RedisError, OSError):
            return bool(self.redis_cli("PING"))
        return False

    # Looking and doing ----------------------------------------------------------------------------

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` in the site's environment."""
        return subprocess.run(
            [*MANAGE, *arguments],
            cwd=environment.ROOT,
            env=self.env,
            check=check,
            capture_output=True,
            text=True,
        )

    def ask(self, code: str) -> Any:
        """Evaluate Python in a process of the site: an expression, or statements that set `result`.
        All models and, as `actions`, those of all slices are at hand. The value comes back by way
        of JSON."""
        return self._questions.ask(code)

    def quiet(self) -> None:
        """End the process inside, which is connected to the database; `ask` starts another."""
        self._questions.end()

    def user(self, name: str, staff: bool = False) -> Person:
        """The user of that name, made when there is none yet."""
        if name not in self._people:
            found = self.ask(f"make_person({name!r}, {PASSWORD!r}, {hashed()!r}, {staff!r})")
            self._people[name] = Person(**found)
        return self._people[name]

    def room(self, slug: str, owner: str, *members: str, private: bool = False) -> str:
        """A room of `owner` with `members`, who are made when they do not exist; its slug."""
        for name in (owner, *members):
            self.user(name)
        visibility = "private" if private else "public"
        self.ask(
            "from django.db import transaction\n"
            "from rooms.core.log import writing_in_transaction\n"
            f"owner = User.objects.get(username={owner!r})\n"
            f"room = actions.create_room(owner, {slug!r}, {slug.title()!r}, '', {visibility!r})\n"
            "with transaction.atomic(), writing_in_transaction([room.pk]) as logs:\n"
            f"    for user in User.objects.filter(username__in={list(members)!r}).order_by('pk'):\n"
            "        actions.add_member_in_transaction(logs, logs.rooms[room.pk], user)\n"
        )
        return slug

    def api(self, person: Person | None = None) -> httpx.Client:
        """REST as `person`; paths begin after `/api/v1`."""
        headers = person.bearer if person else {}
        return httpx.Client(
            base_url=f"{self.url}/api/v1", headers=headers, timeout=30, trust_env=False
        )

    def web_processes(self) -> list[int]:
        """Ids of the processes that serve, when there are several behind the one address; those
        that have said that they are ready, and have not gone since."""
        log = self.web.log()
        ready = [int(each) for each in re.findall(r"\(process (\d+)\) is ready", log)]
        if not ready:
            return [self.web.pid] if "rooms.live: Serving" in log else []
        return [each for each in ready if runs(each)]

    def redis_cli(self, *command: str | int) -> Any:
        url = f"unix://{self.folder / 'redis' / 'redis.sock'}"
        with redis.Redis.from_url(url, socket_timeout=10, decode_responses=True) as client:
            return client.execute_command(*command)

    def rss(self, name: str) -> int:
        return self.processes[name].rss()

    def log(self, name: str) -> str:
        return self.processes[name].log(whole=True)

    def logs(self, most: int = 4000) -> str:
        """The end of each process's log, for a failure's report."""
        return "\n".join(f"--- {name} ---\n{self.log(name)[-most:]}" for name in self.processes)


@cache
def hashed() -> str:
    """Everybody's password as the database keeps it: hashing takes half a second, on purpose."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    hasher = PBKDF2PasswordHasher()
    return str(hasher.encode(PASSWORD, hasher.salt()))


def runs(process: int) -> bool:
    """Whether it lives: one that has ended and was not buried yet does not."""
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    return False


def server(port: int) -> list[str]:
    """What `manage.py serve` becomes, after it has loaded all of Django to say so."""
    return [sys.executable, "-m", "rooms.live", "--host", "127.0.0.1", "--port", str(port)]


def answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == 200
    return False


def kinds() -> dict[str, str]:
    there = (environment.ROOT / "tests" / "kinds.py").exists()
    return {"PARLEY_KINDS": "tests.kinds,tests.asking_kinds,tests.parts_kinds"} if there else {}


def free_port() -> int:
    """A port that nobody listens on, from a range that differs between the test processes."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw")
    first = 20_000 + 1_000 * (int(worker) % 10)
    while True:
        port = first + random.randrange(1_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


# By process and database server.
_templates: dict[tuple[int, str], str] = {}


def _template() -> str:
    """The migrated database that this process's sites are copies of: a file, or a name."""
    key = (os.getpid(), environment.database_url())
    if key not in _templates:
        from django.conf import settings

        folder = Path(settings.DATA_DIR) / "template"
        folder.mkdir(mode=0o700, exist_ok=True)
        env = {**environment.clean(), "PARLEY_DATA_DIR": str(folder)}
        template = str(folder / "db.sqlite3")
        if environment.database_url():
            template = f"template_{uuid.uuid4().hex[:12]}"
            env["DATABASE_URL"] = postgres.create(environment.database_url(), template)
        subprocess.run(
            [*MANAGE, "migrate", "--verbosity=0"], env=env, cwd=environment.ROOT, check=True
        )
        _templates[key] = template
    return _templates[key]


def drop_templates() -> None:
    """Before a database server goes, or a test process ends; a file goes with the process's own
    data directory."""
    url = environment.database_url()
    for key in [key for key in _templates if key[1] == url]:
        name = _templates.pop(key)
        if url:
            postgres.drop(url, name)
