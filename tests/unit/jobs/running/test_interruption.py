"""Stopping a function from outside, by asking and by force."""

import threading
from collections.abc import Callable

import pytest

from jobs.running.interruption import Cancelled, InterruptWindow, LeaseLost, TimedOut


def from_another_thread(call: Callable[[], object]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_nothing_is_raised_before_somebody_asks() -> None:
    InterruptWindow().check()


def test_who_is_asked_stops_at_the_next_look() -> None:
    window = InterruptWindow()
    window.ask(Cancelled)
    with pytest.raises(Cancelled):
        window.check()


def test_the_first_reason_counts_but_for_a_lost_lease() -> None:
    window = InterruptWindow()
    window.ask(Cancelled)
    window.ask(TimedOut)
    wanted = [window.wanted]
    window.ask(LeaseLost)
    assert [*wanted, window.wanted] == [Cancelled, LeaseLost]


def test_an_interruption_passes_an_except_exception() -> None:
    window = InterruptWindow()
    window.ask(Cancelled)
    with pytest.raises(Cancelled):
        try:
            window.check()
        except Exception:
            pytest.fail("it was swallowed")


def test_force_interrupts_a_function_that_waits() -> None:
    window = InterruptWindow()
    never = threading.Event()

    def stop() -> None:
        window.ask(TimedOut)
        window.force()

    with pytest.raises(TimedOut), window.signals(), window.opened():
        timer = threading.Timer(0.05, stop)
        timer.start()
        assert never.wait(30), "it was not interrupted"


def test_what_is_shut_comes_to_its_end_first() -> None:
    window, done = InterruptWindow(), []

    def stop() -> None:
        window.ask(Cancelled)
        window.force()

    with pytest.raises(Cancelled), window.signals(), window.opened():
        with window.shut():
            from_another_thread(stop)
            done.append("written")
        done.append("not reached")
    assert done == ["written"]


def test_force_before_the_window_opens_is_not_lost() -> None:
    window = InterruptWindow()
    with window.signals():
        window.ask(Cancelled)
        window.force()
        with pytest.raises(Cancelled), window.opened():
            pytest.fail("it began")


def test_nothing_is_raised_after_the_window() -> None:
    window = InterruptWindow()
    with window.signals():
        with window.opened():
            pass
        window.ask(Cancelled)
        window.force()
        # Python takes the signal here; the result is being written.
        sum(range(1000))


def test_in_another_thread_only_asking_works() -> None:
    raised = []

    def work() -> None:
        window = InterruptWindow()
        with window.signals(), window.opened():
            window.ask(Cancelled)
            window.force()
            try:
                window.check()
            except Cancelled:
                raised.append(True)

    from_another_thread(work)
    assert raised == [True]
