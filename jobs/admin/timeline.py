"""What happened to a job, moment by moment, for its page in the admin: made of its row, its
attempts, steps, questions and files, and of what its room was told. Used by `jobs`.

Every query is bounded, and finds its rows by an index: the room's events by their times, which are
to the microsecond those of what they tell.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from jobs.lifecycle.parts import MOST_PARTS
from jobs.models import Attempt, Job, JobQuestion, Outcome, State, Step
from rooms.models import Attachment, Event

from . import shown
from .texts import indented

# A job that postpones itself may have any number; these are the last.
MOST_ATTEMPTS = 25
MOST_STEPS = 100
MOST_FILES = 100
MOST_QUESTIONS = 100
MOST_EVENTS = 500


class FoldedText(NamedTuple):
    """Long text that is unfolded."""

    name: str
    text: str


@dataclass
class TimelineEntry:
    """`state` gives the colour. `said` in a line; `seqs`: where the room's log tells of it."""

    at: datetime
    state: str
    title: str
    said: str = ""
    took: str = ""
    parts: list[FoldedText] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)

    @property
    def tone(self) -> str:
        return shown.TONES.get(self.state, "quiet")


@dataclass(frozen=True)
class Timeline:
    """In the order of time; `unshown`: how many attempts came before those that are in it."""

    moments: list[TimelineEntry]
    unshown: int = 0


def of(job: Job) -> Timeline:
    attempts = list(job.attempts.order_by("-number")[:MOST_ATTEMPTS])[::-1]
    steps = list(job.steps.order_by("position")[:MOST_STEPS])
    files = list(job.files.order_by("created_at")[:MOST_FILES])
    parts = list(job.children.order_by("created_at")[:MOST_PARTS]) if job.parts else []
    rows = job.questions.select_related("answered_by").order_by("asked_at")
    questions = list(rows[:MOST_QUESTIONS])
    moments = made(job, attempts, steps, questions, files, timezone.now(), parts)
    for event in _told(job, {moment.at for moment in moments}):
        # Several moments may have one time, as what ends the attempt ends the job.
        next(each for each in reversed(moments) if each.at == event.at).seqs.append(event.seq)
    return Timeline(moments, attempts[0].number - 1 if attempts else 0)


def _told(job: Job, times: Iterable[datetime]) -> list[Event]:
    """What the room was told of this job, as far as its log goes back."""
    if job.room is None:
        return []
    # The room and the order are no part of the question: they lead to an index of the whole log.
    events = Event.objects.filter(at__in=times, encoded__contains=str(job.pk)).order_by()
    found = [each for each in events.defer("encoded")[:MOST_EVENTS] if each.room_id == job.room_id]
    return sorted(found, key=lambda event: event.seq)


def made(
    job: Job,
    attempts: Sequence[Attempt],
    steps: Sequence[Step],
    questions: Sequence[JobQuestion],
    files: Sequence[Attachment],
    now: datetime,
    parts: Sequence[Job] = (),
) -> list[TimelineEntry]:
    """Pure."""
    moments = [_submitted(job), *_of_row(job), *map(_of_part, parts)]
    for attempt in attempts:
        moments += _of_attempt(attempt, now)
    moments += [_of_step(step, now) for step in steps]
    for question in questions:
        moments += _of_question(question)
    moments += [
        TimelineEntry(each.created_at, "", "File", f"{each.name}, {each.size:,} bytes")
        for each in files
    ]
    if job.finished_at is not None:
        moments.append(_ended(job, job.finished_at))
    # What came to be first stays first where times are the same.
    return sorted(moments, key=lambda moment: moment.at)


def _submitted(job: Job) -> TimelineEntry:
    by = job.requested_by.name if job.requested_by else "somebody who is gone"
    said = [f"by {by}"]
    if job.schedule_id is not None:
        said.append(f"for schedule {job.schedule_id}")
    if job.parent_id is not None:
        said.append(f"a part of the job {job.parent_id}")
    if job.run_at is not None:
        said.append(f"to run at {_time(job.run_at)}")
    elif job.queued_at is not None:
        said.append(f"into the queue {job.queue}")
    return TimelineEntry(job.created_at, "", "Submitted", ", ".join(said))


def _of_row(job: Job) -> list[TimelineEntry]:
    moments = []
    if job.queued_at is not None and job.queued_at != job.created_at:
        moments.append(TimelineEntry(job.queued_at, State.QUEUED, "Queued", f"in {job.queue}"))
    if job.state == State.QUEUED and job.rung_at not in (None, job.queued_at):
        moments.append(TimelineEntry(job.rung_at, State.QUEUED, "Rung for again"))
    if job.cancel_requested_at is not None:
        by = f"by {job.cancelled_by.name}" if job.cancelled_by else ""
        moments.append(TimelineEntry(job.cancel_requested_at, "", "Asked to stop", by))
    if job.due_at is not None and not job.finished:
        title = "To run" if job.state == State.SCHEDULED else "To be tried again"
        moments.append(TimelineEntry(job.due_at, job.state, title))
    return moments


OUTCOME_STATES = {
    Outcome.SUCCEEDED: State.SUCCEEDED,
    Outcome.CANCELLED: State.CANCELLED,
    Outcome.POSTPONED: State.RETRYING,
    Outcome.ASKED: State.WAITING,
    Outcome.FANNED_OUT: State.WAITING,
    Outcome.INTERRUPTED: State.RETRYING,
}


def _of_attempt(attempt: Attempt, now: datetime) -> list[TimelineEntry]:
    number = f"Attempt {attempt.number}"
    began = TimelineEntry(
        attempt.started_at, State.RUNNING, f"{number} began", f"claimed by {attempt.worker}"
    )
    if attempt.ended_at is None:
        began.took = shown.between(attempt.started_at, max(now, attempt.started_at))
        return [began]
    parts = [FoldedText("Traceback", attempt.traceback), FoldedText("Log", attempt.log)]
    state = OUTCOME_STATES.get(Outcome(attempt.outcome), State.FAILED)
    ended = TimelineEntry(
        attempt.ended_at,
        state,
        f"{number}: {attempt.get_outcome_display().lower()}",
        ": ".join(filter(None, [attempt.error_class, attempt.message])),
        shown.between(attempt.started_at, attempt.ended_at),
        [part for part in parts if part.text],
    )
    return [began, ended]


def _of_part(part: Job) -> TimelineEntry:
    said = ": ".join(filter(None, [part.error_class, part.error_message]))
    return TimelineEntry(
        part.finished_at or part.started_at or part.created_at,
        part.state,
        f"Part {part.title} {part.pk}: {part.get_state_display().lower()}",
        said or str((part.result or {}).get("summary") or ""),
    )


STEP_STATES = {Step.State.SUCCEEDED: State.SUCCEEDED, Step.State.RUNNING: State.RUNNING}


def _of_step(step: Step, now: datetime) -> TimelineEntry:
    return TimelineEntry(
        step.ended_at or step.started_at,
        STEP_STATES.get(Step.State(step.state), State.FAILED),
        f"Step {step.name}: {step.get_state_display().lower()}",
        ": ".join(filter(None, [step.error_class, step.error_message])),
        shown.between(step.started_at, step.ended_at or max(now, step.started_at)),
        [] if step.result is None else [FoldedText("Result", indented(step.result))],
    )


def _of_question(question: JobQuestion) -> list[TimelineEntry]:
    who = question.get_who_display().lower()
    asked = TimelineEntry(
        question.asked_at, State.WAITING, f"Asked: {question.name}", f"{question.text} ({who})"
    )
    if question.state == JobQuestion.State.OPEN:
        return [asked, TimelineEntry(question.expires_at, State.WAITING, "To go on unanswered")]
    if question.answered_at is None:
        asked.took = question.get_state_display().lower()
        return [asked]
    by = question.answered_by.name if question.answered_by else "somebody who is gone"
    said = f"{question.answer} (by {by})"
    return [asked, TimelineEntry(question.answered_at, State.SUCCEEDED, "Answered", said)]


def _ended(job: Job, at: datetime) -> TimelineEntry:
    said = ": ".join(filter(None, [job.error_class, job.error_message]))
    if job.state == State.SUCCEEDED:
        said = str((job.result or {}).get("summary") or "")
    return TimelineEntry(at, job.state, f"Ended: {job.get_state_display().lower()}", said)


def _time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")
