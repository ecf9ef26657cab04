"""What the log says of something that fails all the time."""

import logging

import pytest

from rooms.core.outages import LOG_AGAIN_SECONDS, QUIET_SECONDS, Outage, Repeats

logger = logging.getLogger("tests.outages")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_is_said_when_it_begins_once_a_minute_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    outage = Outage(logger, "The bell could not be rung", clock=clock)
    outage.over()
    for _ in range(2 * 480):
        outage.failed(OSError("refused"))
        clock.now += LOG_AGAIN_SECONDS / 480
        # Now and then something works.
        outage.over()
    clock.now += QUIET_SECONDS
    outage.over()
    outage.over()
    assert caplog.messages == [
        "The bell could not be rung: refused",
        "Still: The bell could not be rung: refused (479 times more since)",
        "Over after 120 seconds: The bell could not be rung",
    ]
    outage.failed(OSError())
    assert caplog.messages[-1] == "The bell could not be rung: OSError()"


def test_a_traceback_comes_once(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    outage = Outage(logger, "It failed", clock=clock)
    for _ in range(3):
        try:
            raise ValueError("no")
        except ValueError as error:
            outage.failed(error, traceback=True)
        clock.now += LOG_AGAIN_SECONDS
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False]


def record(
    name: str, message: str, status: int | None = None, level: int = logging.ERROR
) -> logging.LogRecord:
    made = logging.LogRecord(name, level, __file__, 1, message, ("x",), None)
    if status is not None:
        made.status_code = status
    return made


def test_loggers_of_others_are_let_through_once_a_minute(clock: Clock) -> None:
    repeats = Repeats(("psycopg.pool", "django.request"), clock)
    passed = [repeats.filter(record("psycopg.pool", "error in %s")) for _ in range(50)]
    assert passed == [True] + [False] * 49
    clock.now += LOG_AGAIN_SECONDS
    again = record("psycopg.pool", "error in %s")
    assert repeats.filter(again)
    assert again.getMessage() == "error in x (49 like it were not written)"


def test_what_is_no_trouble_of_theirs_is_always_let_through(clock: Clock) -> None:
    repeats = Repeats(("psycopg.pool", "django.request"), clock)
    for _ in range(2):
        assert repeats.filter(record("rooms.live", "something else %s"))
        assert repeats.filter(record("psycopg.pool", "connected %s", level=logging.INFO))
        assert repeats.filter(record("django.request", "Not Found: %s", 404))
    assert repeats.filter(record("django.request", "%s: %s", 503))
    assert not repeats.filter(record("django.request", "%s: %s", 503))
