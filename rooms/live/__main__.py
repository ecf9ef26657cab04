"""One web process: `python -m rooms.live --host 127.0.0.1 --port 8000`.

Apart from `manage.py serve`, which execs this, because the event loop has to be chosen before
Django imports Daphne, and Daphne a reactor.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys


def install_loop() -> None:
    """uvloop where it installs, under Twisted's asyncio reactor."""
    import asyncio

    from twisted.internet import asyncioreactor

    try:
        import uvloop
    except ImportError:
        asyncioreactor.install(asyncio.new_event_loop())
    else:
        asyncioreactor.install(uvloop.new_event_loop())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rooms.live")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PARLEY_SERVING", "1")
    install_loop()

    import django

    django.setup()
    from daphne.endpoints import build_endpoint_description_strings
    from django.conf import settings
    from django.utils.module_loading import import_string

    from rooms.live.server import LiveServer

    application = import_string(settings.ASGI_APPLICATION)
    logger = logging.getLogger("rooms.live")
    server = LiveServer(
        application,
        start=lambda: logger.info("Serving http://%s:%d", options.host, options.port),
        endpoints=build_endpoint_description_strings(host=options.host, port=options.port),
        # A socket that takes nothing is closed by the hub, with a reason, before Autobahn's
        # ping gives it up without one. Nobody is cut for having stayed long.
        ping_timeout=75,
        websocket_timeout=-1,
        websocket_handshake_timeout=30,
        websocket_connect_timeout=30,
        server_name="parley",
        verbosity=1,
    )
    server.run()
    sys.exit(1 if server.failed else 0)


if __name__ == "__main__":
    main()
