"""`manage.py up`: everything on one machine by one command. What `make run` runs."""

import asyncio
import fcntl
import http.client
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from rooms import demo
from rooms.core.redaction import without_password
from rooms.management import embedded_redis
from rooms.management.processes import Broken, Part, ProcessGroup, Stopped, say

# The slowest machine that should still be waited for.
START_SECONDS = 60.0
# A worker is asked to end what it runs, then to hand them back: their leases see to the rest.
WORKER_STOP = ((signal.SIGTERM, 4.0), (signal.SIGQUIT, 4.0))
# It drains: a moment as a rule, this at the most.
WEB_STOP = ((signal.SIGTERM, 31.0),)
# Of Celery, about root: in a container everybody is.
WITHOUT_WORRY = {"PYTHONWARNINGS": "ignore:You're running the worker"}
# What is said of a sign-up that is not for everybody.
SIGNUP = {
    "domain": "for addresses of PARLEY_SIGNUP_DOMAINS; `manage.py invite` invites others.",
    "invite": "by invitation: `manage.py invite` makes one.",
    "closed": "closed: add people in the admin, or set PARLEY_SIGNUP.",
}
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "config"]


class Command(BaseCommand):
    help = (
        "Starts Redis (unless REDIS_URL is set), the web server, a worker and beat, and keeps them"
        " running until Ctrl-C. Migrates before, and loads a small demo into an empty database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo")
        parser.add_argument(
            "--processes", type=int, default=settings.PROCESSES, help="how many web processes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        manage = [sys.executable, str(Path(sys.argv[0]).resolve())]
        with data_dir_locked():
            require_free_port()
            if settings.REDIS_EMBEDDED:
                redis = Part("redis", embedded_redis.command("redis.log"))
            elif embedded_redis.answers(settings.REDIS_URL):
                redis = None
            else:
                shown = without_password(settings.REDIS_URL)
                raise CommandError(f"No Redis answers at REDIS_URL, {shown}")
            call_command("migrate", verbosity=0, interactive=False)
            wants_demo = not options["no_demo"] and demo.is_wanted()
            close_databases()
            try:
                asyncio.run(run(manage, redis, wants_demo, options["processes"]))
            except Stopped:
                say("Everything has ended.")
            except Broken as broken:
                say(str(broken))
                sys.exit(1)


async def run(manage: list[str], redis: Part | None, wants_demo: bool, processes: int) -> None:
    """Start in the order in which the parts need each other; returns only by an exception."""
    async with ProcessGroup(settings.BASE_DIR) as group:
        if redis is not None:
            if embedded_redis.answers(settings.REDIS_URL):
                raise Broken(f"a Redis listens at {settings.REDIS_SOCKET} already; stop it first.")
            await group.start(redis)
            await group.until(redis, redis_answers, START_SECONDS)
        if wants_demo:
            await group.once(Part("demo", [*manage, "demo"]))
        serve = [*manage, "serve", "--processes", str(processes)]
        web = Part("web", serve, stop=WEB_STOP)
        worker = Part(
            "worker",
            worker_command(),
            ready=r"worker is ready\.$",
            stop=WORKER_STOP,
            environment=WITHOUT_WORRY,
        )
        beat = Part("beat", beat_command())
        for part in (web, worker, beat):
            await group.start(part)
        await group.until(web, web_answers, START_SECONDS)
        await group.ready(worker, START_SECONDS)
        beat.is_ready.set()
        for line in await asyncio.to_thread(welcome):
            say(line)
        await group.forever()


def worker_command() -> list[str]:
    """Two at once at least, so that a long task does not hold up a short one."""
    concurrency = max(2, min(4, os.cpu_count() or 1))
    options = [f"--concurrency={concurrency}", "--without-gossip", "--without-mingle"]
    return [*CELERY, "worker", "--loglevel", "INFO", *options]


def beat_command() -> list[str]:
    return [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile="]


# Before anything starts ---------------------------------------------------------------------------


def data_dir_locked() -> IO[str]:
    """The lock of the data directory, held while the file is open; it goes with the process."""
    path = settings.DATA_DIR / "up.lock"
    lock = open(path, "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        who = lock.read().strip()
        lock.close()
        raise CommandError(
            f"Parley runs on this data directory already ({who}). Stop it first, or start another"
            f" one with a PARLEY_DATA_DIR of its own; this one is {settings.DATA_DIR}"
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()}, {address()}")
    lock.flush()
    return lock


def require_free_port() -> None:
    """Fail before anything is started. The server binds again a moment later, and says it too."""
    try:
        found = socket.getaddrinfo(
            settings.HOST, settings.PORT, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, where = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise CommandError(
            f"Port {settings.PORT} of {settings.HOST} cannot be used: {error.strerror or error}."
            f" Choose another one, for example: PORT={settings.PORT + 1}"
        ) from None


def close_databases() -> None:
    """This process only watches from here on."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


# Being ready --------------------------------------------------------------------------------------


async def redis_answers() -> bool:
    return await asyncio.to_thread(embedded_redis.answers, settings.REDIS_URL)


async def web_answers() -> bool:
    return await asyncio.to_thread(is_ready)


def local_host() -> str:
    """Where this machine reaches the server, also when it listens on every interface."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.HOST, settings.HOST)


def is_ready() -> bool:
    connection = http.client.HTTPConnection(local_host(), settings.PORT, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address() -> str:
    host = local_host()
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}/"


def welcome() -> list[str]:
    lines = ["", f"Parley is ready: {address()}", ""]
    for login in demo.logins():
        lines.append(f"  log in as {login.username:<4} with {login.password}   ({login.can})")
    close_databases()
    if settings.SECURE_SSL_REDIRECT:
        lines.append(
            "  It expects to stand behind a proxy that speaks HTTPS (HTTPS=false: it does not)."
        )
    if how := SIGNUP.get(settings.PARLEY_SIGNUP):
        lines.append(f"  Sign-up is {how}")
    lines += ["", f"  The data are in {settings.DATA_DIR}", "  Ctrl-C stops everything.", ""]
    return [line or " " for line in lines]
