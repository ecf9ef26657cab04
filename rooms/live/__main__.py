"""One web process: `python -m rooms.live --host 127.0.0.1 --port 8000`.

Apart from `manage.py serve`, which execs this, because the event loop has to be chosen before
Django imports Daphne, and Daphne a reactor. As a child of `supervisor` it is
given the listening socket of all, and a link to its parent.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import signal
import socket
import sys

from rooms.live.serving.listen_socket import listen

from .serving import reactor

SWITCH_SECONDS = 0.0002


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rooms.live")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--accept-from", type=int, help="number of a listening socket")
    parser.add_argument("--parent", type=int, help="number of the link to the parent")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PARLEY_SERVING", "1")
    # The supervisor asks a process that stands still where it does.
    faulthandler.register(signal.SIGUSR1)
    parent = None
    if options.parent is not None:
        parent = socket.socket(fileno=options.parent)
        # From the terminal these reach the whole family; the parent says what is to be done.
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    try:
        listening = (
            listen(options.host, options.port)
            if options.accept_from is None
            else socket.socket(fileno=options.accept_from)
        )
    except OSError as error:
        sys.exit(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.")
    reactor.install()
    # The threads of requests and of the database share the interpreter with the loop, which needs
    # it again after each read and write. Left alone, each of these waits 5 ms for a busy thread.
    sys.setswitchinterval(SWITCH_SECONDS)

    import django

    django.setup()
    from django.conf import settings
    from django.utils.module_loading import import_string

    from rooms.limits import limits
    from rooms.live.serving.server import LiveServer

    from .serving import capacity

    wanted = capacity.wanted_descriptors(limits().connections, limits().guests)
    descriptors = capacity.raise_descriptor_limit(wanted)

    logger = logging.getLogger("rooms.live")

    def started() -> None:
        logger.info("Serving http://%s:%d", options.host, options.port)

    server = LiveServer(
        import_string(settings.ASGI_APPLICATION),
        listening,
        parent,
        start=started,
        capacity=capacity.capacity(descriptors, limits().connections, limits().guests),
        # A socket that takes nothing is closed by the hub, with a reason, before Autobahn's
        # ping gives it up without one. Nobody is cut for having stayed long.
        ping_timeout=75,
        websocket_timeout=-1,
        websocket_handshake_timeout=limits().handshake_seconds,
        websocket_connect_timeout=limits().handshake_seconds,
        server_name="parley",
        verbosity=1,
    )
    server.run()
    # Not the interpreter's own way, which waits for every thread, be it one that hangs in a query.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(1 if server.failed else 0)


if __name__ == "__main__":
    main()
