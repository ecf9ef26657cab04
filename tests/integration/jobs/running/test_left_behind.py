"""What kinds say and leave behind: it ends their own attempt, and nobody else's."""

import os
import signal
from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone, translation

from jobs.models import Outcome, State
from jobs.running import runner
from rooms.models import Room, User
from tests.integration.jobs.conftest import PROCESS, fresh, make_due, outcomes, told
from tests.support.waiting import until
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_end_that_nobody_can_write_is_still_an_end(submit: Submit, run: Run) -> None:
    for outcome, message in (("unspeakable", "bad line: \\ud83d"), ("mute", "")):
        job = submit(outcome)
        while not job.finished:
            job = run(job)
            if not job.finished:
                make_due(job)
        assert (job.state, job.losses) == (State.FAILED, 0)
        assert job.error_message == message
        assert outcomes(job) == [Outcome.FAILED] * 3
        last = job.attempts.last()
        assert last is not None and last.traceback


def test_odd_texts_are_kept_as_escapes_and_can_be_read(
    submit: Submit, run: Run, alice: User
) -> None:
    job = run(submit("scribble"))
    assert (job.state, job.losses) == (State.SUCCEEDED, 0)
    assert job.result is not None and job.result["summary"] == "caf\\udce9.txt"
    assert job.progress is not None and job.progress["text"] == "caf\\udce9.txt"
    assert [file.name for file in job.files.all()] == ["caf\\udce9.txt"]
    assert "caf\\udce9.txt" in job.attempts.get().log
    assert told(job)[-1] == "succeeded"


def test_progress_is_a_number_or_the_kind_is_told(submit: Submit, run: Run) -> None:
    job = run(submit("odd_numbers"))
    assert job.state == State.SUCCEEDED, job.error_message
    assert job.progress == {"current": 1.0, "total": 3.0, "text": ""}


@pytest.mark.parametrize("how", ["atomic", "autocommit", "raw"])
def test_a_transaction_that_is_left_open_fails_its_own_job_alone(
    submit: Submit, run: Run, how: str, lobby: Room
) -> None:
    run(submit("ok"))
    before = connections_in_use()
    job = run(submit("open_transaction", value=how))
    assert (job.state, job.error_class) == (State.RETRYING, "TransactionLeftOpen")
    lobby.refresh_from_db()
    assert lobby.topic != "scribbled"
    assert run(submit("ok")).state == State.SUCCEEDED
    until(lambda: connections_in_use() == before, what="its connection has left its place")


def connections_in_use() -> int:
    """Of the pool, that other threads hold; without a pool none."""
    connection.close()
    if (pool := getattr(connection, "pool", None)) is None:
        return 0
    numbers: dict[str, int] = pool.get_stats()
    return numbers["pool_size"] - numbers["pool_available"]


def test_the_next_job_finds_the_process_as_it_was(submit: Submit, run: Run) -> None:
    before = surroundings_now()
    alone = replace(PROCESS, waits_for_ends=False)
    job = submit("astray")
    runner.run(job.pk, alone)
    until(lambda: fresh(job).state == State.SUCCEEDED)
    assert surroundings_now() == before


def surroundings_now() -> tuple[object, ...]:
    umask = os.umask(0o022)
    os.umask(umask)
    return (
        timezone.get_current_timezone_name(),
        translation.get_language(),
        os.getcwd(),
        umask,
        dict(os.environ),
        signal.getsignal(signal.SIGTERM),
    )
