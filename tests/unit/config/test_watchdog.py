"""When a worker ends itself."""

from config.watchdog import BROKER_SECONDS, LOOK_SECONDS, Watchdog

LOOP_SECONDS = 30.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A watchdog that is looked at once a second, and the loop that it watches."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.connected = True
        self.dog = Watchdog(lambda: self.connected, lambda: None, LOOP_SECONDS, self.clock)

    def goes_by(self, seconds: float, ticks: bool, unanswered: float = 0) -> str | None:
        """The first reason within these seconds."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += LOOK_SECONDS
            if ticks:
                self.dog.tick(unanswered)
            if reason := self.dog.reason():
                return reason
        return None


def test_a_loop_that_turns_is_left_alone() -> None:
    assert Watched().goes_by(10 * LOOP_SECONDS, ticks=True, unanswered=BROKER_SECONDS) is None


def test_a_loop_that_stands_still_ends_the_worker() -> None:
    watched = Watched()
    assert watched.goes_by(LOOP_SECONDS, ticks=False) is None
    reason = watched.goes_by(2, ticks=False)
    assert reason is not None and "loop has not turned" in reason


def test_a_broker_that_owes_an_answer_ends_the_worker() -> None:
    watched = Watched()
    reason = watched.goes_by(1, ticks=True, unanswered=BROKER_SECONDS + 1)
    assert reason is not None and "broker has not answered" in reason


def test_nothing_is_watched_while_the_worker_connects() -> None:
    watched = Watched()
    watched.connected = False
    assert watched.goes_by(10 * LOOP_SECONDS, ticks=False) is None
    watched.connected = True
    assert watched.goes_by(LOOP_SECONDS, ticks=False) is None, "the loop has its time from now on"
    assert watched.goes_by(2, ticks=False)


def test_a_process_that_stood_still_as_a_whole_goes_on() -> None:
    watched = Watched()
    watched.goes_by(5, ticks=True)
    watched.clock.now += 3600
    assert watched.dog.reason() is None
    assert watched.goes_by(LOOP_SECONDS - 1, ticks=False) is None
    assert watched.goes_by(3, ticks=False)
