"""The ASGI application: pages and REST by Django, `/ws/` by the live consumer."""

import logging
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARLEY_SERVING", "1")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from rooms.core.cookies import BoundedCookies
from rooms.live.commands.consumer import SocketConsumer

application = BoundedCookies(
    ProtocolTypeRouter(
        {
            "http": http,
            "websocket": URLRouter([path("ws/", SocketConsumer.as_asgi())]),
        }
    )
)

if "rooms.live.serving.server" not in sys.modules:
    logging.getLogger("rooms.live").warning(
        "Served by a general ASGI server. Rooms work, but this server cannot wait for slow readers"
        " or writers, so its memory has no bound; it cuts frames above its own limit, gives no"
        " reasons when it closes, and does not drain. `manage.py serve` does all of that."
    )
