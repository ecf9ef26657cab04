"""Jobs come to be: any number of submissions in one transaction, each with an outcome of its own.

Who may, and whether there is room, is decided here, under the locks; who is refused leaves nothing.
Called by `intake`, by `batch`, and by `actions.submit` within the transaction of the caller, who
rings after the commit. People are locked before rooms, each in the order of their ids. The
statements are put together by hand: this is the path of every job.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson

from jobs.lifecycle import representations
from jobs.lifecycle.changes import prefetched
from jobs.models import Job, KeptAnswer, State, Webhook
from rooms.core import lookup, policy, statements
from rooms.core.log import Logs, writing_in_transaction
from rooms.core.membership import add_member_in_transaction
from rooms.core.policy import Facts
from rooms.database import clock
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict, Invalid, Refusal

from . import admission, uniqueness
from .admission import Gate, Load, Share
from .submission import Checked
from .uniqueness import UniqueJobs, UniqueWindow

ACCEPTED, JOINED = 202, 200
OTHER_WORK = "This idempotency key was used for another job already."


@dataclass(frozen=True)
class Submitted:
    """A job that is there now. `shown` is how it was when it came to be, as everybody is shown it;
    of one that was there before, `answer` is what was said then, if that is kept. `joined`: it is
    somebody's job that was there, because the same is not done twice within a time; `fingerprint`
    is then that of the request that was told so before."""

    job: Job
    new: bool
    shown: dict[str, Any] | None = None
    answer: str | None = None
    share: Share | None = None
    joined: bool = False
    fingerprint: str = ""

    @property
    def status(self) -> int:
        """Of HTTP."""
        return JOINED if self.joined else ACCEPTED

    @property
    def rings(self) -> bool:
        return self.new and self.job.state == State.QUEUED


SubmissionOutcome = Submitted | Refusal


class _NewJob(NamedTuple):
    """A row of `Job`."""

    id: UUID
    kind: str
    title: str
    state: State
    room_id: int | None
    seq: int | None
    requested_by_id: int
    params: dict[str, Any]
    secret_params: dict[str, Any] | None
    queue: str
    priority: int
    hold_key: str | None
    idempotency_key: str
    fingerprint: str
    created_at: datetime
    run_at: datetime | None
    due_at: datetime | None
    queued_at: datetime | None
    rung_at: datetime | None
    max_attempts: int
    schedule_id: int | None
    scheduled_for: datetime | None
    webhook_id: int | None
    parent_id: UUID | None
    part: dict[str, Any] | None
    unique_key: str | None
    unique_until: datetime | None


class _NewAnswer(NamedTuple):
    """A row of `KeptAnswer`."""

    user_id: int
    key: str
    fingerprint: str
    status: int
    body: str
    created_at: datetime


def insert_in_transaction(
    wanted: Sequence[Checked], loads: dict[str, Load], gate: Gate | None = None
) -> tuple[list[SubmissionOutcome], Gate]:
    """What came of each, in order. Raises what the database raises. The caller has measured the
    queues, rings for `Submitted.rings` after the commit, and then lets the gate `count`. Without a
    `gate` the people are locked and counted."""
    if gate is None:
        gate = admission.gate_in_transaction({each.wanted.user.pk for each in wanted}, loads)
    known = _already_there(wanted)
    slugs = {
        each.wanted.room
        for each in wanted
        if each.wanted.room is not None and each.intention not in known
    }
    with writing_in_transaction(slugs=slugs, at=clock.now()) as logs:
        insertion = _Insertion(
            wanted, logs, gate, known, _members(wanted, logs), _own_webhooks(wanted)
        )
        outcomes = [insertion.outcome(each) for each in wanted]
        insertion.write()
    return outcomes, gate


class _Insertion:
    """The rows of one transaction, gathered from one submission after the other."""

    def __init__(
        self,
        wanted: Sequence[Checked],
        logs: Logs,
        gate: Gate,
        known: dict[tuple[int, str], SubmissionOutcome],
        members: dict[tuple[int, int], datetime | None],
        webhooks: set[tuple[int, int]],
    ) -> None:
        self._logs, self._gate, self._known, self._members = logs, gate, known, members
        self._webhooks = webhooks
        self._rooms = logs.by_slug()
        self._unique = UniqueJobs(_unique_keys(wanted, logs), logs.at)
        self._jobs: list[_NewJob] = []
        self._answers: list[_NewAnswer] = []

    def outcome(self, checked: Checked) -> SubmissionOutcome:
        try:
            return self._again(checked) or self._new(checked)
        except Refusal as refusal:
            return refusal

    def _again(self, checked: Checked) -> SubmissionOutcome | None:
        if not checked.wanted.key:
            return None
        found = self._known.get(checked.intention)
        if isinstance(found, Submitted):
            if (found.fingerprint or found.job.fingerprint) != checked.fingerprint:
                raise Invalid(OTHER_WORK)
            require_to_see(checked.wanted.user, found.job)
        return found

    def _new(self, checked: Checked) -> Submitted:
        wanted, user = checked.wanted, checked.wanted.user
        if wanted.webhook is not None and (user.pk, wanted.webhook) not in self._webhooks:
            message = "You have no webhook of your own with this number."
            raise Invalid(message, errors=[{"pointer": "/webhook", "message": message}])
        room, is_member = self._room(checked)
        window = uniqueness.window_of(checked, room, self._logs.at)
        if (there := self._unique.find(window)) is not None:
            return self._joined(checked, there)
        self._gate.admit(user.pk, checked.kind.queue)
        if room is not None and not is_member:
            # Working in a public room joins it, as speaking there does.
            try:
                add_member_in_transaction(self._logs, room, user)
            except Refusal:
                self._gate.give_back(user.pk, checked.kind.queue)
                raise
            self._members[room.pk, user.pk] = None
        row = self._row(checked, room, window)
        self._jobs.append(row)
        job = Job(**row._asdict())
        # Nothing of it is to be read.
        job.requested_by, job.room = user, room
        prefetched(job).update(files=[], steps=[], questions=[], children=[])
        self._unique.add(window, job)
        shown = representations.job(job)
        if room is not None:
            self._logs.append(room, "job.changed", {"job": shown}, seq=row.seq)
        body = orjson.dumps(shown).decode() if checked.keeps_answer else None
        submitted = Submitted(job, True, shown, body, self._gate.share(user.pk, checked.kind.queue))
        if wanted.key:
            self._known[checked.intention] = Submitted(job, False, None, body)
        if body is not None:
            answer = _NewAnswer(
                user.pk, wanted.key, checked.fingerprint, ACCEPTED, body, self._logs.at
            )
            self._answers.append(answer)
        return submitted

    def _joined(self, checked: Checked, job: Job) -> Submitted:
        """The job that is there; the key of the request, if it has one, stands for it from now."""
        user, key = checked.wanted.user, checked.wanted.key
        require_to_see(user, job)
        shown = representations.job(job)
        share = self._gate.share(user.pk, checked.kind.queue)
        if key:
            body = orjson.dumps(shown).decode()
            row = _NewAnswer(user.pk, key, checked.fingerprint, JOINED, body, self._logs.at)
            self._answers.append(row)
            again = Submitted(job, False, None, body, None, True, checked.fingerprint)
            self._known[checked.intention] = again
        return Submitted(job, False, shown, None, share, True)

    def _room(self, checked: Checked) -> tuple[Room | None, bool]:
        """The room of a job that its requester may have done there, and whether they are in it."""
        slug, user = checked.wanted.room, checked.wanted.user
        if slug is None:
            policy.require("job.submit", Facts())
            if checked.kind.rule:
                permissions = lookup.staff_permissions(user)
                policy.require(checked.kind.rule, Facts(permissions=permissions))
            return None, True
        room = self._rooms.get(slug)
        if room is None:
            raise policy.no_room(slug)
        is_member = (room.pk, user.pk) in self._members
        if is_member and room.who_posts == Room.WhoPosts.MEMBERS:
            # Of a membership counts here that there is one, and that it is not muted.
            muted = self._members[room.pk, user.pk]
            facts = Facts(room, Membership.Role.MEMBER.value, muted_until=muted)
        elif is_member:
            facts = lookup.facts(user, room)
        else:
            facts = lookup.facts_of(user, room, None)
        policy.require("job.submit", facts)
        return room, is_member

    def _row(self, checked: Checked, room: Room | None, window: UniqueWindow | None) -> _NewJob:
        wanted, kind, at = checked.wanted, checked.kind, self._logs.at
        later = wanted.run_at is not None and wanted.run_at > at
        return _NewJob(
            id=uuid4(),
            kind=kind.name,
            title=kind.title,
            state=State.SCHEDULED if later else State.QUEUED,
            room_id=room.pk if room else None,
            seq=self._logs.take_seq(room) if room else None,
            requested_by_id=wanted.user.pk,
            params=checked.params,
            secret_params=checked.secret_params,
            queue=kind.queue,
            priority=wanted.priority,
            hold_key=_hold_key(checked, room),
            idempotency_key=wanted.key,
            fingerprint=checked.fingerprint,
            created_at=at,
            run_at=wanted.run_at,
            due_at=wanted.run_at if later else None,
            queued_at=None if later else at,
            rung_at=None if later else at,
            max_attempts=kind.max_attempts,
            schedule_id=wanted.schedule,
            scheduled_for=wanted.scheduled_for,
            webhook_id=wanted.webhook,
            parent_id=wanted.parent,
            part=wanted.part.as_json() if wanted.part is not None else None,
            unique_key=window.unique_key if window else None,
            unique_until=window.unique_until if window else None,
        )

    def write(self) -> None:
        self._unique.make_way()
        statements.insert(Job, self._jobs)
        statements.insert(KeptAnswer, self._answers)


def _hold_key(checked: Checked, room: Room | None) -> str | None:
    wanted = checked.wanted
    params = checked.params if checked.secret_params is None else checked.secret_params
    room_id = room.pk if room else None
    return checked.kind.hold_key(params, wanted.room, wanted.user.pk, room_id)


def _unique_keys(wanted: Sequence[Checked], logs: Logs) -> set[str]:
    rooms = logs.by_slug()
    windows = (
        uniqueness.window_of(each, rooms.get(each.wanted.room or ""), logs.at) for each in wanted
    )
    return {window.unique_key for window in windows if window is not None}


def _members(wanted: Sequence[Checked], logs: Logs) -> dict[tuple[int, int], datetime | None]:
    """Which of them are in the rooms where they want something done, by room id and user id, and
    until when they are muted there."""
    rooms = logs.by_slug()
    pairs = {
        (rooms[each.wanted.room].pk, each.wanted.user.pk)
        for each in wanted
        if each.wanted.room in rooms
    }
    found = statements.select_together(
        Membership, ("room_id", "user_id"), pairs, more=("muted_until",)
    )
    return {
        (row.room_id, row.user_id): row.muted_until
        if row.muted_until is not None and row.muted_until > logs.at
        else None
        for row in found
    }


def _own_webhooks(wanted: Sequence[Checked]) -> set[tuple[int, int]]:
    """Of those that are named, whose they are: user id, id."""
    named = {each.wanted.webhook for each in wanted if each.wanted.webhook is not None}
    if not named:
        return set()
    rows = Webhook.objects.filter(pk__in=named, scope=Webhook.Scope.OWN)
    return {(owner_id or 0, pk) for owner_id, pk in rows.values_list("owner_id", "pk")}


# Keys ---------------------------------------------------------------------------------------------


def _already_there(wanted: Collection[Checked]) -> dict[tuple[int, str], SubmissionOutcome]:
    """Of submissions with a key, those that are jobs already, or whose key something else has."""
    intentions = {each.intention for each in wanted if each.wanted.key}
    if not intentions:
        return {}
    names = ("requested_by_id", "idempotency_key")
    rows = statements.select_together(Job, names, intentions, filled="idempotency_key")
    ids = [row.pk for row in rows]
    answers = _kept(
        {
            each.intention
            for each in wanted
            if each.wanted.key and (each.keeps_answer or each.kind.unique_within is not None)
        }
    )
    jobs = list(Job.objects.with_relations().filter(pk__in=ids)) if ids else []
    found: dict[tuple[int, str], SubmissionOutcome] = {
        intention: _joined_before(answer) or _taken(answer) for intention, answer in answers.items()
    }
    for job in jobs:
        intention = (job.requested_by_id or 0, job.idempotency_key)
        answer = answers.get(intention)
        kept = answer.body if answer is not None and answer.status is not None else None
        found[intention] = Submitted(job, False, None, kept)
    return found


def _kept(intentions: Collection[tuple[int, str]]) -> dict[tuple[int, str], KeptAnswer]:
    """By user id and key."""
    found = statements.select_together(KeptAnswer, ("user_id", "key"), intentions)
    rows = statements.select(KeptAnswer, id=[row.pk for row in found])
    return {(row.user_id, row.key): row for row in rows}


def _joined_before(answer: KeptAnswer) -> Submitted | None:
    """The request was told of a job that was there, which may have ended since then."""
    said = orjson.loads(answer.body) if answer.status == JOINED else {}
    job = Job.objects.with_relations().filter(pk=said["id"]).first() if "id" in said else None
    if job is None:
        return None
    return Submitted(job, False, None, answer.body, None, True, answer.fingerprint)


def _taken(answer: KeptAnswer) -> Refusal:
    """The key is that of a batch, or of a job that is gone."""
    if answer.status is None:
        return Conflict("The first request with this idempotency key is under way.", temporary=True)
    return Invalid(OTHER_WORK)


def require_to_see(user: User, job: Job) -> None:
    """What came of it may be in a room that is closed to them now."""
    policy.require("job.see", facts_of(user, job))


def facts_of(user: User, job: Job) -> Facts:
    facts = lookup.facts(user, job.room) if job.room is not None else Facts()
    own = job.requested_by_id == user.pk
    return facts._replace(own=own, permissions=lookup.staff_permissions(user))
