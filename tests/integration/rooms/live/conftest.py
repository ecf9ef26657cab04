from typing import Any

import pytest
from channels.layers import channel_layers

from rooms.limits import Limits

BACKENDS = {
    "pubsub": "rooms.core.channel_layers.PubSubLayer",
    "core": "rooms.core.channel_layers.CoreLayer",
}


@pytest.fixture(params=list(BACKENDS))
def layer(request: pytest.FixtureRequest, settings: Any) -> str:
    """Both kinds of channel layer, one after the other."""
    name: str = request.param
    config = {"hosts": settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"], "prefix": "live-test"}
    if name == "core":
        config["capacity"] = 10_000
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": BACKENDS[name], "CONFIG": config}}
    channel_layers.backends = {}
    return name


@pytest.fixture
def quick(settings: Any) -> Limits:
    """What takes half a minute in life takes a moment here."""
    limits = settings.PARLEY_LIMITS = Limits(position_check_seconds=0.3, resume_events=50)
    return limits
