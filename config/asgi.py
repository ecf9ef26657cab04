"""The ASGI application: pages and REST by Django, `/ws/` by the live consumer."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PARLEY_SERVING", "1")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

from rooms.live.consumer import SocketConsumer

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter([path("ws/", SocketConsumer.as_asgi())]),
    }
)
