"""When and from where a token was last used, written down aside: no request and no handshake waits
for it, and one that cannot be written is not missed.

What comes while a batch is being written goes with the next. The thread lives as long as there is
something to write.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from rooms.models import ApiToken

from .outages import Outage

logger = logging.getLogger(__name__)
_unwritten = Outage(logger, "The last use of tokens could not be written down")

WRITTEN_EVERY = timedelta(minutes=1)

_lock = threading.Lock()
_waiting: dict[int, tuple[datetime, str]] = {}
_writing = False


def note(token: ApiToken, address: str) -> None:
    """The token was used now, from `address`. Costs nothing when that was written a moment ago."""
    global _writing
    now = timezone.now()
    if token.used_at is not None and now - token.used_at < WRITTEN_EVERY:
        return
    with _lock:
        _waiting[token.pk] = (now, address)
        if _writing:
            return
        _writing = True
    threading.Thread(target=_write_all, name="token-use", daemon=True).start()


def _write_all() -> None:
    """Finding nothing more to do and saying so are one step: nothing falls between."""
    global _writing
    try:
        while True:
            with _lock:
                batch = dict(_waiting)
                _waiting.clear()
                if not batch:
                    _writing = False
                    return
            _write(batch)
    finally:
        connection.close()


def _write(batch: dict[int, tuple[datetime, str]]) -> None:
    try:
        for pk, (now, address) in batch.items():
            old = Q(used_at=None) | Q(used_at__lte=now - WRITTEN_EVERY)
            ApiToken.objects.filter(old, pk=pk).update(used_at=now, used_from=address)
    except Exception as error:
        _unwritten.failed(error)
    else:
        _unwritten.over()
