"""The ASGI application: pages and REST by Django, sockets and the end by `rooms.live`."""

import logging
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARLEY_SERVING", "1")

from rooms.http import handler

http = handler.application()

from channels.routing import ProtocolTypeRouter

from rooms.http.cookies import BoundedCookies
from rooms.http.forwarded_port import ForwardedPort
from rooms.live import applications

application = ForwardedPort(
    BoundedCookies(
        ProtocolTypeRouter(
            {"http": http, "websocket": applications.sockets, "lifespan": applications.lifespan}
        )
    )
)

if "rooms.live.serving.server" not in sys.modules:
    logging.getLogger("rooms.live").warning(
        "Served by a general ASGI server. Rooms work, but this server cannot wait for slow readers"
        " or writers, so its memory has no bound; it cuts frames above its own limit, and may cut"
        " sockets without a word when it ends. `manage.py serve` does all of that."
    )
