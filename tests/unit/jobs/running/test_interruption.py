"""Stopping a function from outside, by asking and by force."""

import threading

import pytest

from jobs.running.interruption import Cancelled, InterruptWindow, LeaseLost, TimedOut


def from_another_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_nothing_is_raised_before_somebody_asks():
    InterruptWindow().check()


def test_who_is_asked_stops_at_the_next_look():
    window = InterruptWindow()
    window.ask(Cancelled)
    with pytest.raises(Cancelled):
        window.check()


def test_the_first_reason_counts_but_for_a_lost_lease():
    window = InterruptWindow()
    window.ask(Cancelled)
    window.ask(TimedOut)
    assert window.wanted is Cancelled
    window.ask(LeaseLost)
    assert window.wanted is LeaseLost


def test_an_interruption_passes_an_except_exception():
    window = InterruptWindow()
    window.ask(Cancelled)
    with pytest.raises(Cancelled):
        try:
            window.check()
        except Exception:
            pytest.fail("it was swallowed")


def test_force_interrupts_a_function_that_waits():
    window = InterruptWindow()
    never = threading.Event()

    def stop():
        window.ask(TimedOut)
        window.force()

    with pytest.raises(TimedOut), window.signals(), window.opened():
        timer = threading.Timer(0.05, stop)
        timer.start()
        assert never.wait(30), "it was not interrupted"


def test_what_is_shut_comes_to_its_end_first():
    window, done = InterruptWindow(), []

    def stop():
        window.ask(Cancelled)
        window.force()

    with pytest.raises(Cancelled), window.signals(), window.opened():
        with window.shut():
            from_another_thread(stop)
            done.append("written")
        done.append("not reached")
    assert done == ["written"]


def test_force_before_the_window_opens_is_not_lost():
    window = InterruptWindow()
    with window.signals():
        window.ask(Cancelled)
        window.force()
        with pytest.raises(Cancelled), window.opened():
            pytest.fail("it began")


def test_nothing_is_raised_after_the_window():
    window = InterruptWindow()
    with window.signals():
        with window.opened():
            pass
        window.ask(Cancelled)
        window.force()
        # Python takes the signal here; the result is being written.
        sum(range(1000))


def test_in_another_thread_only_asking_works():
    raised = []

    def work():
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
