"""A job that asks, waits without a worker, and goes on with the answer, or without one."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import overview
from jobs.lifecycle import attempts, questions, representations
from jobs.lifecycle.asking import MOST_QUESTIONS
from jobs.lifecycle.verdict import Ending
from jobs.loops import sweeper
from jobs.models import Job, JobQuestion, Outcome, State, Step
from jobs.submitting import actions, admission
from jobs.submitting.actions import Submission
from rooms.database import clock
from rooms.models import Event, Membership, Message, Room, User
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound
from tests.integration.jobs.conftest import claim, fresh, make_due, outcomes, told
from tests.integration.jobs.submitting.test_actions import in_threads
from tests.support.store import Store
from tests.support.watch import Watch
from tests.support.workshop import Run

pytestmark = pytest.mark.django_db(transaction=True)

Ask = Callable[..., Job]


@pytest.fixture
def ask(alice: User, lobby: Room, run: Run) -> Ask:
    """A job of Alice's that has asked and waits."""

    def ask(kind: str = "test.ask", room: str | None = "lobby", **params: Any) -> Job:
        job = run(actions.submit(Submission(alice, kind, params, room))[0])
        assert job.state == State.WAITING
        return job

    return ask


def asked(job: Job) -> JobQuestion:
    """What it asks now."""
    return JobQuestion.objects.get(job=job, state=JobQuestion.State.OPEN)


def answer(job: Job, user: User, words: str = "Yes") -> Job:
    return actions.answer(user, job.pk, asked(job).pk, words)


def expire(job: Job) -> None:
    past = clock.now() - timedelta(seconds=1)
    JobQuestion.objects.filter(job=job, state="open").update(expires_at=past)


def at_once(*calls: Callable[[], object]) -> list[Any]:
    """What each returned or raised."""
    return in_threads(len(calls), lambda number: calls[number]())


def test_it_asks_waits_and_goes_on(ask: Ask, run: Run, alice: User, bob: User) -> None:
    job = ask()
    assert (job.worker_id, job.lease_token, job.due_at) == (None, None, None)
    assert overview.running() == 0 and overview.waiting() == 1
    assert job.max_attempts - job.attempt == 3, "asking has used up no attempt"
    job = answer(job, bob)
    assert job.state == State.QUEUED
    job = run(job)
    assert job.state == State.SUCCEEDED
    assert job.result == {"summary": "asked", "answers": [["Yes", "bob"]]}
    assert outcomes(job) == [Outcome.ASKED, Outcome.SUCCEEDED]
    assert told(job) == ["queued", "running", "waiting", "queued", "running", "succeeded"]


def test_the_answer_is_in_the_log_with_name_and_time(ask: Ask, bob: User) -> None:
    job = answer(ask(), bob)
    last = Event.objects.filter(type="job.changed").order_by("-seq")[0]
    assert last.payload == {"job": representations.job(fresh(job))}
    [shown] = last.payload["job"]["questions"]
    assert (shown["answer"], shown["answered_by"]["id"], shown["state"]) == (
        "Yes",
        bob.pk,
        "answered",
    )
    assert shown["answered_at"] == last.payload["job"]["questions"][0]["answered_at"] is not None


def test_the_room_is_told_as_words_that_it_asks(ask: Ask) -> None:
    job = ask()
    [message] = Message.objects.filter(kind="job", subject=job.pk)
    assert message.body == "Ask asks: Go *on*? (Yes / No)"
    assert "<em>" not in message.html


def test_its_pages_are_told_everything(
    store: Store, caller: Any, run: Run, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {viewer: caller(viewer) for viewer in (alice, bob)}, "lobby")
    job = actions.submit(Submission(alice, "test.ask", {}, "lobby"))[0]
    watch.verify(lambda: run(job), "job.changed", "job.changed", "message.created")
    watch.verify(lambda: answer(job, bob), "job.changed")
    watch.verify(lambda: run(job), "job.changed", "job.changed", "message.created")


def test_the_first_answer_counts(ask: Ask, alice: User, bob: User) -> None:
    job = ask()
    question = asked(job)
    answer(job, bob)
    with pytest.raises(Conflict, match="Bob has answered already: Yes"):
        actions.answer(alice, job.pk, question.pk, "No")
    again = actions.answer(bob, job.pk, question.pk, "yes")
    assert again.state == State.QUEUED
    assert fresh(job).queued_at == again.queued_at
    with pytest.raises(Conflict):
        actions.answer(bob, job.pk, question.pk, "No")
    assert told(job).count("queued") == 2


def test_a_button_for_the_question_before_answers_nothing(
    ask: Ask, run: Run, alice: User, bob: User
) -> None:
    job = ask(asks=2)
    first = asked(job)
    answer(job, bob, "No")
    job = run(job)
    assert (job.state, asked(job).text) == (State.WAITING, "And 1?")
    with pytest.raises(Conflict):
        actions.answer(alice, job.pk, first.pk, "Yes")
    assert fresh(job).state == State.WAITING
    answer(job, alice)
    assert run(job).result == {"summary": "asked", "answers": [["No", "bob"], ["Yes", "alice"]]}


def test_an_answer_is_one_of_the_choices_or_a_text(ask: Ask, run: Run, bob: User) -> None:
    job = ask()
    with pytest.raises(Invalid, match="Yes, No"):
        answer(job, bob, "Perhaps")
    free = ask(choices=[])
    for words in ("", " \u200b ", "x" * 1001):
        with pytest.raises(Invalid):
            answer(free, bob, words)
    answer(free, bob, " In *June*\0 ")
    assert run(free).result == {"summary": "asked", "answers": [["In *June*", "bob"]]}


def test_who_may_answer(ask: Ask, alice: User, bob: User, charlie: User, lobby: Room) -> None:
    for job in (ask(who="requester"), ask(who="moderators")):
        with pytest.raises(Forbidden):
            answer(job, bob)
    with pytest.raises(Forbidden):
        answer(ask(), charlie)
    alone = ask(room=None)
    with pytest.raises(NotFound):
        answer(alone, bob)
    answer(alone, alice)
    job = ask(who="moderators")
    Membership.objects.filter(user=bob).update(role="moderator")
    assert answer(job, bob).state == State.QUEUED


def test_a_job_in_no_room_asks_its_requester(alice: User, bob: User, run: Run, ask: Ask) -> None:
    job = run(actions.submit(Submission(alice, "test.ask", {"who": "members"}, None))[0])
    assert job.result == {"summary": "swallowed"}, "there is nobody to ask"
    job = ask(room=None)
    assert asked(job).who == "requester"
    answer(job, alice)
    assert run(job).state == State.SUCCEEDED


@pytest.mark.parametrize("room", ["lobby", None])
def test_nobody_answers_in_time(ask: Ask, run: Run, bob: User, room: str | None) -> None:
    job, other = ask(room=room, default="No"), ask(room=room)
    assert sweeper.queue_unanswered() == 0
    expire(job)
    expire(other)
    late = asked(job)
    assert sweeper.queue_unanswered() == 2
    assert sweeper.queue_unanswered() == 0
    assert fresh(job).state == State.QUEUED
    if room is not None:
        with pytest.raises(Conflict, match="time"):
            actions.answer(bob, job.pk, late.pk, "Yes")
        last = Event.objects.filter(type="job.changed").order_by("-seq")[0]
        assert last.payload["job"]["questions"][0]["state"] == "expired"
    assert run(job).result == {"summary": "asked", "answers": [["No", None]]}
    failed = run(other)
    assert (failed.state, failed.error_class) == (State.FAILED, "NotAnswered")
    assert failed.error_message == "Nobody answered in time: Go *on*?"


def test_an_answer_in_time_beats_the_sweeper(ask: Ask, bob: User) -> None:
    """It has found the job, and is overtaken."""
    job = ask()
    expire(job)
    answer(job, bob)
    assert questions.queue_unanswered([job.pk]) == 0
    assert fresh(job).questions.get().state == "answered"


def test_a_question_whose_job_waits_no_more_is_not_swept_for_ever(ask: Ask) -> None:
    job = ask()
    expire(job)
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED)
    assert sweeper.queue_unanswered() == 0
    assert fresh(job).questions.get().state == "withdrawn"
    assert fresh(job).state == State.CANCELLED


@pytest.mark.parametrize("room", ["lobby", None])
def test_of_all_that_happens_at_once_one_counts(ask: Ask, alice: User, room: str | None) -> None:
    """Answers, the sweeper and a cancel race; no two of them move the job."""
    for _ in range(5):
        job = ask(room=room, who="requester")
        question = asked(job)
        expire(job)
        found = at_once(
            partial(actions.answer, alice, job.pk, question.pk, "Yes"),
            partial(actions.answer, alice, job.pk, question.pk, "No"),
            partial(questions.queue_unanswered, [job.pk]),
        )
        answered = [each for each in found if isinstance(each, Job)]
        assert all(isinstance(each, (Job, Conflict, int)) for each in found), found
        settled = fresh(job).questions.get()
        swept = [each for each in found if each == 1]
        assert len(answered) + len(swept) == 1
        assert settled.state == ("expired" if swept else "answered")
        assert fresh(job).state == State.QUEUED
        if room is not None:
            assert told(job) == ["queued", "running", "waiting", "queued"]


def test_a_cancel_and_an_answer_at_once(ask: Ask, alice: User) -> None:
    for _ in range(5):
        job = ask(who="requester")
        question = asked(job)
        at_once(
            partial(actions.answer, alice, job.pk, question.pk, "Yes"),
            partial(actions.cancel, alice, job.pk),
        )
        states = told(job)
        assert fresh(job).state == State.CANCELLED
        assert states in (
            ["queued", "running", "waiting", "queued", "cancelled"],
            ["queued", "running", "waiting", "cancelled"],
        )
        wanted = "answered" if len(states) == 5 else "withdrawn"
        assert fresh(job).questions.get().state == wanted


def test_a_waiting_job_can_be_cancelled_and_asks_anew_when_it_is_retried(
    ask: Ask, run: Run, alice: User, bob: User
) -> None:
    job = ask()
    before = asked(job)
    assert actions.cancel(alice, job.pk).state == State.CANCELLED
    with pytest.raises(Conflict):
        actions.answer(bob, job.pk, before.pk, "Yes")
    last = Event.objects.filter(type="job.changed").order_by("-seq")[0]
    assert last.payload["job"]["questions"][0]["state"] == "withdrawn"
    expire(job)
    assert sweeper.queue_unanswered() == 0
    actions.retry(alice, job.pk)
    job = run(job)
    assert job.state == State.WAITING and asked(job).pk != before.pk
    with pytest.raises(Conflict):
        actions.answer(bob, job.pk, before.pk, "No")
    answer(job, bob)
    assert run(job).state == State.SUCCEEDED


def test_an_answer_outlives_a_failure_after_it(ask: Ask, run: Run, bob: User) -> None:
    job = ask(failures=1)
    answer(job, bob)
    job = run(job)
    assert job.state == State.RETRYING
    make_due(job)
    assert run(job).result == {"summary": "asked", "answers": [["Yes", "bob"]]}


def test_a_coroutine_asks(ask: Ask, run: Run, bob: User) -> None:
    job = ask("test.aask")
    answer(job, bob)
    assert run(job).result == {"summary": "Aask is done.", "answers": ["Yes"]}


def test_a_part_asks_and_the_others_are_not_done_again(ask: Ask, run: Run, bob: User) -> None:
    job = ask("test.ask_in_steps")
    states = {step.name: (step.state, step.error_class) for step in job.steps.all()}
    assert states == {"asks": (Step.State.STOPPED, ""), "works": (Step.State.SUCCEEDED, "")}
    answer(job, bob, "on")
    assert (run(job).result or {})["asks"] == "on"


def test_a_job_does_not_ask_for_ever(ask: Ask, run: Run, alice: User) -> None:
    job = ask(asks=MOST_QUESTIONS + 1)
    for _ in range(MOST_QUESTIONS - 1):
        answer(job, alice)
        assert run(job).state == State.WAITING
    answer(job, alice)
    assert run(job).state == State.FAILED


def test_a_cancel_that_came_before_the_question_beats_it(
    alice: User, lobby: Room, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = actions.submit(Submission(alice, "test.ask", {}, "lobby"))[0]
    found = questions.recorded

    def cancelled_meanwhile(job_id: Any, name: str) -> Any:
        actions.cancel(alice, job.pk)
        return found(job_id, name)

    monkeypatch.setattr(questions, "recorded", cancelled_meanwhile)
    job = run(job)
    assert (job.state, job.questions.count()) == (State.CANCELLED, 0)


def test_whoever_is_shut_out_meanwhile_has_nothing_done(
    ask: Ask, run: Run, alice: User, bob: User
) -> None:
    job = ask()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    answer(job, bob)
    assert run(job).state == State.FAILED


def test_a_waiting_job_counts_against_its_person(ask: Ask, alice: User, bob: User) -> None:
    job = ask()
    ask()
    assert admission.in_flight([alice.pk, bob.pk]) == {alice.pk: 2}
    answer(job, bob)
    assert admission.in_flight([alice.pk]) == {alice.pk: 2}


def test_a_job_that_never_asks_costs_no_statement_more(alice: User, lobby: Room) -> None:
    job = actions.submit(Submission(alice, "test.outcome", {}, "lobby"))[0]
    with CaptureQueriesContext(connection) as captured:
        begun = claim(job)
        assert begun is not None
        assert attempts.end(job.pk, begun.lease, Ending(Outcome.SUCCEEDED, result={"summary": "x"}))
    assert len(captured) > 5
    assert not [each for each in captured if "jobs_question" in each["sql"]]
