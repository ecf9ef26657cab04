"""A process that has imported the packages of others, and becomes the commands that a test starts.

Importing them takes a Python process longer than all the rest of its start, and a site of tests
consists of several. Here it is done once. What begins afterwards is what `python -m MODULE` and
`python FILE` begin, in a session, a directory and an environment of its own: none of our modules,
no settings and no event loop exist before. Tests of the commands themselves start them as anybody
does.

Run by `forked`, which hands it a socket as its input. Over that comes one more socket for each
process that is wanted: it brings a `Request` with the standard streams, and takes back the
process's number when it runs and its exit code when it has ended.
"""

import json
import os
import runpy
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from importlib import import_module

# What the web server, workers and `manage.py` import. Not what looks at the environment or needs
# settings while it is imported, or what chooses an event loop: models, `prometheus_client`,
# `daphne.server`, Twisted's reactor.
PACKAGES = """
    allauth.core.ratelimit celery.app.base celery.apps.beat celery.apps.worker celery.bin.celery
    celery.concurrency.prefork celery.fixups.django channels.db channels.routing
    channels.security.websocket channels_redis.core channels_redis.pubsub csp.middleware
    daphne.http_protocol daphne.ws_protocol django.contrib.admin.views.main
    django.contrib.sessions.backends.db django.contrib.staticfiles.storage
    django.core.asgi django.core.cache.backends.db django.core.management
    django.core.serializers.python django.db.backends.postgresql.base
    django.db.backends.sqlite3.base django.db.migrations.executor django.test.client
    kombu.transport.redis nh3 orjson psycopg_pool pydantic.networks pydantic_settings pyromark
    redis.asyncio servestatic.storage twisted.internet.asyncioreactor twisted.web.http uvloop
""".split()
NOT_YET = ("rooms", "jobs", "config", "prometheus_client", "daphne.server")
REACTOR = "twisted.internet.reactor"
REQUEST_BYTES = 1 << 20


@dataclass
class Request:
    """`arguments` are those of `python`: -m MODULE or FILE, and what follows."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]


def main() -> None:
    for each in PACKAGES:
        import_module(each)
    too_early = {*NOT_YET, REACTOR} & set(sys.modules)
    assert not too_early, f"imported before its environment is known: {too_early}"
    # Our own modules are compiled once for all, whatever the environment says of that.
    sys.pycache_prefix = os.path.join(os.getcwd(), ".cache", "bytecode")
    sys.dont_write_bytecode = False
    request = wait()
    if request is not None:
        become(request)


def wait() -> Request | None:
    """Fork for each process that is wanted. Returns the request, in the new process; or None, when
    nobody asks any more."""
    asking = socket.socket(fileno=os.dup(0))
    woken, waker = socket.socketpair()
    woken.setblocking(False)
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(asking, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    woken.recv(4096)
                    tell_of_the_ended(told)
                    continue
                _, numbers, _, _ = socket.recv_fds(asking, 1, 1)
                if not numbers:
                    return None
                connection = socket.socket(fileno=numbers[0])
                request = received(connection)
                process = os.fork()
                if process:
                    told[process] = connection
                    for stream in request.streams:
                        os.close(stream)
                    continue
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.setsid()
                connection.sendall(f"{os.getpid()}\n".encode())
                for each in (asking, woken, waker, connection, *told.values()):
                    each.close()
                return request


def received(connection: socket.socket) -> Request:
    said, streams = b"", []
    while not said.endswith(b"\n"):
        part, numbers, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
        assert part, "a request ends with its line"
        said += part
        streams += numbers
    return Request(**json.loads(said), streams=streams)


def tell_of_the_ended(told: dict[int, socket.socket]) -> None:
    while told:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with told.pop(process) as connection:
            try:
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            except OSError:
                # Nobody waits for it.
                pass


def become(request: Request) -> None:
    """What the interpreter does with its arguments."""
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    if request.arguments[0] == "-m":
        sys.argv = request.arguments[1:]
        sys.path[0] = request.folder
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = request.arguments
        sys.path[0] = os.path.dirname(sys.argv[0])
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
