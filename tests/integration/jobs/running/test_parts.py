"""A job that has parts, waits for them without a worker, and goes on when the last has ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from jobs.lifecycle import attempts, ended, parts, removal, representations
from jobs.lifecycle.verdict import Ending
from jobs.loops import sweeper
from jobs.models import UNFINISHED, Attempt, Job, Outcome, State
from jobs.submitting import actions
from jobs.submitting import parts as making
from jobs.submitting.actions import Submission
from rooms.database import clock
from rooms.models import Event, Message, Room, User
from rooms.protocol import Invalid
from tests.integration.jobs.conftest import claim, fresh, outcomes, told
from tests.integration.jobs.submitting.test_actions import in_threads
from tests.support.workshop import Run

pytestmark = pytest.mark.django_db(transaction=True)

Gather = Callable[..., Job]


@pytest.fixture
def gather(alice: User, lobby: Room, run: Run) -> Gather:
    """A job of Alice's that waits for its parts."""

    def gather(
        *outcomes: str, kind: str = "test.gather", room: str | None = "lobby", **params: Any
    ) -> Job:
        wanted = Submission(alice, kind, {"outcomes": outcomes or ("ok", "ok"), **params}, room)
        job = run(actions.submit(wanted)[0])
        assert job.state == State.WAITING
        return job

    return gather


def of(job: Job) -> list[Job]:
    return parts.made(job.pk, "parts")


def test_the_last_part_lets_it_go_on(gather: Gather, run: Run) -> None:
    job = gather("ok", "ok", "ok")
    assert (job.worker_id, job.lease_token, job.parts) == (None, None, 3)
    first, second, third = of(job)
    run(second)
    run(first)
    assert fresh(job).state == State.WAITING
    run(third)
    assert fresh(job).state == State.QUEUED
    job = run(job)
    assert job.state == State.SUCCEEDED
    assert job.result is not None and job.result["summary"] == "Done 0, Done 1, Done 2"
    assert outcomes(job) == [Outcome.FANNED_OUT, Outcome.SUCCEEDED]
    assert job.max_attempts - job.attempt == 2, "waiting has used up no attempt"


def test_the_room_sees_one_job_with_its_parts(gather: Gather, run: Run) -> None:
    job = gather("ok", "ok")
    for part in of(job):
        run(part)
    run(job)
    states = [
        [part["state"] for part in event.payload["job"]["parts"]]
        for event in Event.objects.filter(type="job.changed").order_by("seq")
        if event.payload["job"]["id"] == str(job.pk)
    ]
    assert states[-1] == ["succeeded", "succeeded"]
    assert ["succeeded", "queued"] in states, "each end is told"
    assert [message.subject for message in Message.objects.all()] == [job.pk], "one result"
    shown = representations.job(Job.objects.with_relations().get(pk=job.pk))
    assert [part["summary"] for part in shown["parts"]] == ["Done 0", "Done 1"]
    assert all(part["error"] is None for part in shown["parts"])
    child = representations.job(Job.objects.with_relations().get(pk=of(job)[0].pk))
    assert child["parent"] == str(job.pk) and child["parts"] == []


def test_files_of_parts_come_with_the_result(gather: Gather, run: Run) -> None:
    job = gather("attach", "ok")
    for part in of(job):
        run(part)
    run(job)
    message = Message.objects.get(subject=job.pk)
    assert message.attachments.count() == 1
    last = Event.objects.filter(type="job.changed").order_by("seq").last()
    assert last is not None and len(last.payload["job"]["attachments"]) == 1, "on its card"


def test_a_job_without_a_room_goes_on_as_well(gather: Gather, run: Run) -> None:
    job = gather(room=None)
    for part in of(job):
        assert part.room is None
        run(part)
    assert run(job).state == State.SUCCEEDED


def test_coroutines_gather(gather: Gather, run: Run) -> None:
    job = gather(kind="test.agather")
    for part in of(job):
        run(part)
    assert run(job).result == {"summary": "2", "earlier": 0}


def test_a_required_part_that_fails_stops_the_others(gather: Gather, run: Run) -> None:
    job = gather("give_up", "ok", "ok")
    failing, *others = of(job)
    assert run(failing).state == State.FAILED
    assert [fresh(part).state for part in others] == [State.CANCELLED] * 2
    job = run(job)
    assert (job.state, job.error_class) == (State.FAILED, "PartsFailed")
    assert job.error_message.startswith("Test: ") and "(and 2 more)" in job.error_message
    assert outcomes(job) == [Outcome.FANNED_OUT, Outcome.FAILED], "it is not tried again by itself"
    assert "attempts" not in Message.objects.get(subject=job.pk).body


def test_a_running_part_is_asked_to_stop(gather: Gather, run: Run) -> None:
    job = gather("give_up", "ok")
    failing, running = of(job)
    claimed = claim(running)
    assert claimed is not None
    run(failing)
    assert fresh(running).cancel_requested_at is not None
    assert fresh(job).state == State.WAITING, "it waits for what is under way"
    attempts.end(running.pk, claimed.lease, Ending(Outcome.CANCELLED))
    assert fresh(job).state == State.QUEUED


def test_parts_that_are_not_required_only_say_how_they_ended(gather: Gather, run: Run) -> None:
    job = gather("give_up", "ok", required=False)
    for part in of(job):
        run(part)
    job = run(job)
    assert job.state == State.SUCCEEDED
    assert job.result is not None and job.result["states"] == ["failed", "succeeded"]


def test_parts_are_made_once(gather: Gather, run: Run) -> None:
    """An attempt that fails after them, or is lost, finds them again."""
    job = gather("ok", failures=1)
    run(of(job)[0])
    assert run(job).state == State.RETRYING
    assert actions.run_now(job.requested_by, job.pk).state == State.QUEUED  # type: ignore[arg-type]
    assert run(job).state == State.SUCCEEDED
    assert len(of(job)) == 1 and Attempt.objects.filter(job__parent=job).count() == 1


def test_a_worker_that_dies_after_making_them(alice: User, lobby: Room, run: Run) -> None:
    """The parts are there, and the end of the attempt was never written."""
    wanted = Submission(alice, "test.gather", {"outcomes": ["ok"]}, "lobby")
    job, _ = actions.submit(wanted)
    claimed = claim(job)
    assert claimed is not None
    held = Job.objects.with_relations().get(pk=job.pk)
    assert making.make(held, claimed.lease, "parts", [making.JobPart("test.outcome")], True)
    (part,) = of(job)
    run(part)
    assert fresh(job).state == State.RUNNING, "nobody waits yet"
    attempts.end(job.pk, claimed.lease, Ending(Outcome.LOST))
    assert run(job).state == State.SUCCEEDED
    assert of(job) == [part]


def test_a_worker_that_has_lost_the_job_makes_none(alice: User, lobby: Room) -> None:
    job, _ = actions.submit(Submission(alice, "test.gather", {"outcomes": ["ok"]}, "lobby"))
    claim(job)
    held = Job.objects.with_relations().get(pk=job.pk)
    assert not making.make(held, uuid4(), "parts", [making.JobPart("test.outcome")], True)
    assert not Job.objects.filter(parent=job).exists()
    assert fresh(job).parts == 0


def test_a_part_that_ends_before_its_job_waits(alice: User, lobby: Room, run: Run) -> None:
    """The last look is after the commit of whoever comes last."""
    job, _ = actions.submit(Submission(alice, "test.gather", {"outcomes": ["ok"]}, "lobby"))
    claimed = claim(job)
    assert claimed is not None
    held = Job.objects.with_relations().get(pk=job.pk)
    making.make(held, claimed.lease, "parts", [making.JobPart("test.outcome")], True)
    run(of(job)[0])
    attempts.end(job.pk, claimed.lease, Ending(Outcome.FANNED_OUT))
    assert fresh(job).state == State.QUEUED


def test_ends_that_come_together_are_seen_by_one(gather: Gather) -> None:
    job = gather(*["ok"] * 4)
    claims = [claim(part) for part in of(job)]

    def end(number: int) -> object:
        claimed = claims[number]
        assert claimed is not None
        ending = Ending(Outcome.SUCCEEDED, result={"summary": str(number)})
        return attempts.end(claimed.job.pk, claimed.lease, ending)

    for outcome in in_threads(4, end):
        assert isinstance(outcome, Job)
    assert fresh(job).state == State.QUEUED
    assert told(job).count("queued") == 2, "once at first, and once by the last part"


def test_the_sweeper_sees_what_nobody_looked_at(
    gather: Gather, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = gather("ok")
    with monkeypatch.context() as dead:
        dead.setattr(ended, "tell", lambda jobs: None)
        run(of(job)[0])
    assert fresh(job).state == State.WAITING
    swept = sweeper.sweep(lambda queue: None)
    assert (swept.gathered, fresh(job).state) == (1, State.QUEUED)
    assert sweeper.sweep(lambda queue: None).gathered == 0


def test_cancelling_the_whole_cancels_its_parts(gather: Gather, alice: User, run: Run) -> None:
    job = gather("ok", "ok", "ok")
    first, running, _ = of(job)
    run(first)
    claim(running)
    actions.cancel(alice, job.pk)
    states = [fresh(part).state for part in of(job)]
    assert states == [State.SUCCEEDED, State.RUNNING, State.CANCELLED]
    assert fresh(running).cancel_requested_at is not None


def test_the_sweeper_stops_parts_of_what_is_over(
    gather: Gather, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = gather("ok", "ok")
    with monkeypatch.context() as dead:
        dead.setattr(ended, "tell", lambda jobs: None)
        actions.cancel(alice, job.pk)
    assert Job.objects.filter(parent=job, state__in=UNFINISHED).count() == 2
    sweeper.sweep(lambda queue: None)
    assert not Job.objects.filter(parent=job, state__in=UNFINISHED).exists()


def test_retrying_has_only_done_what_did_not_succeed(gather: Gather, alice: User, run: Run) -> None:
    job = gather("ok", "give_up")
    good, bad = of(job)
    run(good)
    run(bad)
    assert run(job).state == State.FAILED
    actions.retry(alice, job.pk)
    assert fresh(job).parts == 1
    Job.objects.filter(pk=job.pk).update(params={"outcomes": ["ok", "ok"]})
    assert run(job).state == State.WAITING
    kept, again = of(job)
    assert kept == good and again not in (good, bad)
    run(again)
    assert run(job).state == State.SUCCEEDED
    assert Attempt.objects.filter(job=good).count() == 1


def test_a_part_may_have_parts_and_those_none(gather: Gather, run: Run) -> None:
    job = gather("ok", depth=1)
    (middle,) = of(job)
    assert run(middle).state == State.WAITING
    run(of(middle)[0])
    assert run(middle).state == State.SUCCEEDED
    assert run(job).state == State.SUCCEEDED
    deep = gather("ok", depth=2)
    (middle,) = of(deep)
    run(middle)
    (lowest,) = of(middle)
    lowest = run(lowest)
    assert (lowest.state, lowest.error_class) == (State.FAILED, "GiveUp")
    assert "no parts" in lowest.error_message


def test_what_cannot_be_a_part(alice: User, lobby: Room, run: Run) -> None:
    job, _ = actions.submit(Submission(alice, "test.gather", {"outcomes": ["nonsense"]}, "lobby"))
    job = run(job)
    assert (job.state, job.error_class) == (State.FAILED, "GiveUp")
    assert not Job.objects.filter(parent=job).exists(), "all or none"
    job, _ = actions.submit(Submission(alice, "test.gather", {"outcomes": ["ok"] * 101}, "lobby"))
    assert run(job).state == State.RETRYING, "a fault of the kind's"


def test_parts_of_a_full_person_are_let_in(
    gather: Gather, settings: Any, alice: User, run: Run
) -> None:
    limits = settings.PARLEY_JOB_LIMITS.model_copy(update={"jobs_in_flight_per_user": 1})
    settings.PARLEY_JOB_LIMITS = limits
    job = gather("ok", "ok")
    assert len(of(job)) == 2


def test_parts_go_with_their_job(gather: Gather, run: Run) -> None:
    job = gather("ok", "attach")
    for part in of(job):
        run(part)
    run(job)
    later = clock.now() + timedelta(days=1)
    assert removal.remove([job.pk], later) == 1
    assert not Job.objects.exists() and not Attempt.objects.exists()


def chain(alice: User, *stages: list[dict[str, Any]], **more: Any) -> Job:
    params = {"stages": list(stages), **more}
    return actions.submit(Submission(alice, "jobs.chain", params, "lobby"))[0]


OK = {"kind": "test.outcome", "params": {"value": "x"}}
FAILS = {"kind": "test.outcome", "params": {"outcome": "give_up"}}
COLLECT = {"kind": "test.collect"}


def run_all(job: Job, run: Run) -> Job:
    """Like workers: whatever is queued is done, until the job has ended."""
    for _ in range(50):
        job = fresh(job)
        if job.finished:
            return job
        queued = Job.objects.filter(state=State.QUEUED).order_by("queued_at", "created_at").first()
        assert queued is not None, "somebody waits for nothing"
        run(queued)
    raise AssertionError("it goes on for ever")


def test_a_chain_does_one_after_the_other(alice: User, lobby: Room, run: Run) -> None:
    job = run_all(chain(alice, [OK], [OK, OK], [COLLECT]), run)
    assert job.state == State.SUCCEEDED
    assert job.result is not None
    assert job.result["summary"] == "Done x + Done x + Done x", "that of the last one"
    assert [row.kind for row in Job.objects.filter(parent=job).order_by("created_at")] == [
        "test.outcome",
        "test.outcome",
        "test.outcome",
        "test.collect",
    ]


def test_a_chain_ends_where_a_job_fails_or_goes_on(alice: User, lobby: Room, run: Run) -> None:
    job = run_all(chain(alice, [OK], [FAILS], [OK]), run)
    assert job.state == State.FAILED and job.parts == 2
    job = run_all(chain(alice, [FAILS], [OK], go_on=True), run)
    assert job.state == State.SUCCEEDED
    assert job.result is not None and job.result["summary"] == "1 of 2 done"


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([], "at least 1"),
        ([[]], "at least 1"),
        ([[{"kind": "no.such"}]], "no kind"),
        ([[{"kind": "jobs.chain", "params": {}}]], "no part of a chain"),
        ([[{"kind": "jobs.delete_many"}]], "cannot be a part"),
        ([[{"kind": "test.outcome", "params": {"outcome": "?"}}]], "outcome"),
        ([[OK] * 60, [OK] * 60], "at most 100"),
        ([[OK]] * 21, "at most 20"),
        ([[{**OK, "room": "x"}]], "room"),
    ],
)
def test_a_chain_is_refused_before_it_begins(
    alice: User, lobby: Room, stages: Any, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        chain(alice, *stages)
    assert said in str(refused.value) + str(refused.value.errors)
    assert not Job.objects.exists()
