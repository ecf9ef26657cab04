"""What the project's own server has for a request that waits for something: while it waits, nothing
is worked on, and it keeps no other request from being served. Other servers have nothing of it.

Made by `live.serving`; used by middlewares that wait on the event loop.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from django.http import HttpRequest

# Where it stands among the scope's extensions.
REQUEST_TURN = "parley.request_turn"


class RequestTurn(NamedTuple):
    """`over` gives the turn to the next request; `stopping` says whether the server is about to
    end, so that it is time to answer. Both on the loop."""

    over: Callable[[], None]
    stopping: Callable[[], bool]


_NOTHING = RequestTurn(lambda: None, lambda: False)


def turn_of(request: HttpRequest) -> RequestTurn:
    scope: dict[str, Any] = getattr(request, "scope", {})
    return cast(RequestTurn, (scope.get("extensions") or {}).get(REQUEST_TURN, _NOTHING))
