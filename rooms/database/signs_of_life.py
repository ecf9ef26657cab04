"""When something that runs on its own did so last: sweepers, and what sweeps up once an hour. Said
in the cache, which is the database; read by the doctor. Lost, it is said again the next time.
"""

from django.core.cache import cache

from . import clock

# Of what is swept away once an hour.
HOUSEKEEPING = "housekeeping"

KEPT_SECONDS = 7 * 24 * 3600


def give(who: str) -> None:
    """Raises what the database raises."""
    cache.set(f"sign:{who}", clock.now().timestamp(), KEPT_SECONDS)


def seconds_since(who: str) -> float | None:
    """None: it has given none for long."""
    at = cache.get(f"sign:{who}")
    return None if at is None else max(0.0, clock.now().timestamp() - at)
