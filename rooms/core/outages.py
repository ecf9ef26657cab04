"""Log lines of something that fails again and again: one when it begins, one a minute, one when it
is over. Otherwise an outage of a minute fills the disk with what everybody knows by then.

`Outage` is for what knows when it works again. `Repeats` is a filter for loggers of others, which
do not: of the same message it lets one through a minute. Both may be used from any thread.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic

LOG_AGAIN_SECONDS = 60.0
# What works now and then is not over: nothing must have failed for this long.
QUIET_SECONDS = 5.0

Clock = Callable[[], float]


class Outage:
    """`what` says in a sentence what does not work; an error's text is added to it."""

    def __init__(
        self,
        logger: logging.Logger,
        what: str,
        *,
        level: int = logging.WARNING,
        clock: Clock = monotonic,
    ) -> None:
        self._logger = logger
        self._what = what
        self._level = level
        self._clock = clock
        self._lock = threading.Lock()
        self._began: float | None = None
        self._said = 0.0
        self._failed_at = 0.0
        self._unsaid = 0

    def failed(self, error: object, *, traceback: bool = False, about: str = "") -> None:
        """It failed once more. `traceback`: of the error, with the first line. `about`: with what
        of many, for a line that is written."""
        with self._lock:
            now = self._clock()
            self._failed_at = now
            first = self._began is None
            if first:
                self._began = self._said = now
            elif now - self._said < LOG_AGAIN_SECONDS:
                self._unsaid += 1
                return
            more, self._unsaid, self._said = self._unsaid, 0, now
        what = f"{self._what} ({about})" if about else self._what
        text = f"{what}: {' '.join(str(error).split()) or repr(error)}"
        if first:
            shown = error if traceback and isinstance(error, BaseException) else None
            self._logger.log(self._level, "%s", text, exc_info=shown)
        else:
            self._logger.log(self._level, "Still: %s (%d times more since)", text, more)

    def over(self) -> None:
        """It works at the moment. Costs next to nothing when it did before."""
        if self._began is None:
            return
        with self._lock:
            now = self._clock()
            if self._began is None or now - self._failed_at < QUIET_SECONDS:
                return
            lasted, self._began = self._failed_at - self._began, None
            self._unsaid = 0
        self._logger.log(self._level, "Over after %.0f seconds: %s", lasted, self._what)


class Repeats(logging.Filter):
    """For a handler: of records of these loggers (and those below) that say the same, one a minute
    is let through, with the number of those that were not. Records below WARNING are let through,
    and of `django.request` all but answers of 503, which every request gets in an outage."""

    MOST_KINDS = 200

    def __init__(self, loggers: tuple[str, ...] = (), clock: Clock = monotonic) -> None:
        super().__init__()
        self._loggers = loggers
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or not self._watched(record.name):
            return True
        status = getattr(record, "status_code", None)
        if record.name == "django.request" and status != 503:
            return True
        kind = (record.name, f"{status or ''}{record.msg}")
        with self._lock:
            now = self._clock()
            said, held_back = self._said.get(kind, (None, 0))
            if said is not None and now - said < LOG_AGAIN_SECONDS:
                self._said[kind] = (said, held_back + 1)
                return False
            if len(self._said) >= self.MOST_KINDS:
                self._said.clear()
            self._said[kind] = (now, 0)
        if held_back:
            record.msg = f"{record.getMessage()} ({held_back} like it were not written)"
            record.args = ()
        return True

    def _watched(self, name: str) -> bool:
        return any(name == each or name.startswith(f"{each}.") for each in self._loggers)
