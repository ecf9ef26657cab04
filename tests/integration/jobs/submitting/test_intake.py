"""Submissions that wait at the same moment share a transaction, and are as they would be alone."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.models import Job, KeptAnswer, State
from jobs.submitting import actions, admission, insertion, intake
from jobs.submitting.insertion import SubmissionOutcome, Submitted
from jobs.submitting.intake import Intake
from jobs.submitting.submission import Checked, Submission, checked
from rooms.limits import limits
from rooms.models import Event, Room, User
from rooms.protocol import Busy, Conflict, Invalid, NotFound, Refusal
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


class Held:
    """Holds the first transaction open until the others wait; counts transactions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        self.batches: list[int] = []
        write = intake.write

        def held(wanted: Sequence[Checked]) -> list[SubmissionOutcome]:
            self.batches.append(len(wanted))
            if len(self.batches) == 1:
                self.began.set()
                assert self.go_on.wait(20)
            return write(wanted)

        monkeypatch.setattr(intake, "write", held)


class Clients:
    """Threads that submit, and what came of it."""

    def __init__(self, used: Intake) -> None:
        self._intake = used
        self._threads: list[threading.Thread] = []
        self.outcomes: dict[int, Any] = {}

    def submit(self, wanted: Submission, *, keeps_answer: bool = False) -> None:
        number = len(self._threads)

        def work() -> None:
            try:
                each = checked(wanted, keeps_answer=keeps_answer)
                self.outcomes[number] = self._intake.submit(each)
            except Exception as error:
                self.outcomes[number] = error
            finally:
                connection.close()

        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()

    def join(self) -> list[Any]:
        for thread in self._threads:
            thread.join(30)
        return [self.outcomes[number] for number in range(len(self._threads))]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held(monkeypatch)
    yield held
    held.go_on.set()


@pytest.fixture
def clients() -> Clients:
    return Clients(Intake())


def waiting(clients: Clients, count: int) -> None:
    until(lambda: len(clients._intake._waiting) == count, what="they wait")


def ok(user: User, **more: Any) -> Submission:
    return Submission(user, "test.outcome", {"outcome": "ok"}, **{"room": "lobby", **more})


def behind_the_first(held: Held, clients: Clients, wanted: Sequence[Submission]) -> list[Any]:
    """What came of these, which all waited while another one was being written."""
    first = User.objects.create_user("first", password=None)
    clients.submit(ok(first, room=None))
    assert held.began.wait(20)
    for number, each in enumerate(wanted):
        clients.submit(each)
        waiting(clients, number + 1)
    held.go_on.set()
    return clients.join()[1:]


def test_those_that_wait_share_a_transaction(
    held: Held, clients: Clients, alice: User, bob: User, lobby: Room
) -> None:
    outcomes = behind_the_first(held, clients, [ok(alice), ok(bob), ok(alice, room=None)])
    assert held.batches == [1, 3]
    assert all(isinstance(each, Submitted) for each in outcomes), outcomes
    told = Event.objects.filter(type="job.changed").order_by("seq")
    assert [row.payload["job"]["id"] for row in told] == [str(each.job.pk) for each in outcomes[:2]]


def test_who_is_refused_is_refused_alone(
    held: Held, clients: Clients, alice: User, charlie: User, den: Room, lobby: Room
) -> None:
    wanted = [ok(charlie, room="den"), ok(alice), ok(charlie, room="nowhere")]
    outcomes = behind_the_first(held, clients, wanted)
    assert [type(each) for each in outcomes] == [NotFound, Submitted, NotFound]
    assert held.batches == [1, 3]
    assert not Event.objects.filter(room=den, type="job.changed").exists()


def test_what_no_database_takes_fails_alone(
    held: Held, clients: Clients, alice: User, bob: User, lobby: Room, monkeypatch: Any
) -> None:
    insert = insertion.insert_in_transaction

    def spoilt(wanted: Sequence[Checked], loads: Any) -> Any:
        done = insert(wanted, loads)
        if any(each.wanted.user == bob for each in wanted):
            raise IntegrityError("a row that is none")
        return done

    monkeypatch.setattr(insertion, "insert_in_transaction", spoilt)
    outcomes = behind_the_first(held, clients, [ok(alice), ok(bob), ok(alice)])
    assert [type(each) for each in outcomes] == [Submitted, IntegrityError, Submitted]
    assert held.batches == [1, 3, 1, 1, 1]
    assert Job.objects.filter(room=lobby).count() == 2


def test_a_database_that_is_away_is_met_once(
    held: Held, clients: Clients, alice: User, bob: User, lobby: Room, monkeypatch: Any
) -> None:
    def away(wanted: Sequence[Checked], loads: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(insertion, "insert_in_transaction", away)
    outcomes = behind_the_first(held, clients, [ok(alice), ok(bob)])
    assert [type(each) for each in outcomes] == [OperationalError, Busy]
    assert held.batches == [1, 2]


def test_a_full_intake_says_when_to_come_again(held: Held, alice: User, lobby: Room) -> None:
    clients = Clients(Intake(capacity=1))
    clients.submit(ok(alice))
    assert held.began.wait(20)
    clients.submit(ok(alice))
    waiting(clients, 1)
    with pytest.raises(Busy) as refused:
        clients._intake.submit(checked(ok(alice)))
    assert refused.value.retry_after is not None and refused.value.retry_after >= 1
    held.go_on.set()
    assert all(isinstance(each, Submitted) for each in clients.join())


def test_nobody_waits_for_ever(
    held: Held, clients: Clients, alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits(), "answer_seconds", 0.05)
    clients.submit(ok(alice))
    assert held.began.wait(20)
    with pytest.raises(Busy):
        clients._intake.submit(checked(ok(alice, key="late")))
    held.go_on.set()
    clients.join()
    assert not Job.objects.filter(idempotency_key="late").exists(), "it was given up in time"
    assert clients._intake.submit(checked(ok(alice, key="late"))).new


def test_who_is_stopped_while_waiting_holds_up_nobody(
    held: Held, clients: Clients, alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients.submit(ok(alice))
    assert held.began.wait(20)

    class Stopped(threading.Event().__class__):  # type: ignore[misc]
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    one = intake.WaitingSubmission(checked(ok(alice)), woken=Stopped())
    with pytest.raises(KeyboardInterrupt):
        clients._intake._queue(one)
    held.go_on.set()
    clients.join()
    assert clients._intake.submit(checked(ok(alice))).new


def test_something_else_is_written_in_its_turn(
    held: Held, clients: Clients, alice: User, lobby: Room
) -> None:
    """Such as a batch: it neither joins the others nor writes beside them."""
    clients.submit(ok(alice))
    assert held.began.wait(20)
    order: list[str] = []

    def work() -> None:
        clients._intake.alone(lambda: order.append(f"{len(held.batches)} before"))
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    waiting(clients, 1)
    clients.submit(ok(alice))
    waiting(clients, 2)
    assert order == []
    held.go_on.set()
    clients.join()
    thread.join(20)
    assert (order, held.batches) == (["1 before"], [1, 1])


# Keys ---------------------------------------------------------------------------------------------


def test_the_same_key_side_by_side_is_one_job(
    held: Held, clients: Clients, alice: User, lobby: Room
) -> None:
    wanted = [ok(alice, key="k"), ok(alice, key="k"), ok(alice, key="k", priority=0)]
    first, again, other = behind_the_first(held, clients, wanted)
    assert (first.new, again.new, again.job.pk) == (True, False, first.job.pk)
    assert isinstance(other, Invalid)
    assert Job.objects.filter(requested_by=alice).count() == 1


def test_while_the_first_request_is_under_way_the_second_is_told_so(
    held: Held, clients: Clients, alice: User, lobby: Room
) -> None:
    clients.submit(ok(alice, key="k"), keeps_answer=True)
    assert held.began.wait(20)
    with pytest.raises(Conflict):
        clients._intake.submit(checked(ok(alice, key="k"), keeps_answer=True))
    held.go_on.set()
    (first,) = clients.join()
    again = clients._intake.submit(checked(ok(alice, key="k"), keeps_answer=True))
    assert (again.new, again.answer) == (False, first.answer)
    assert KeptAnswer.objects.get().body == first.answer


# One after the other ------------------------------------------------------------------------------


ASKED = st.lists(
    st.tuples(
        st.sampled_from(["alice", "bob", "charlie"]),
        st.sampled_from(["", "", "k1", "k2"]),
        st.sampled_from(["lobby", "den", None]),
        st.sampled_from([1, 5]),
    ),
    min_size=1,
    max_size=10,
)


@pytest.fixture
def people(alice: User, bob: User, charlie: User, lobby: Room, den: Room) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie}


@given(asked=ASKED, cuts=st.sets(st.integers(1, 9)))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_together_they_are_what_they_are_one_by_one(
    people: dict[str, User], settings: Any, asked: list[Any], cuts: set[int]
) -> None:
    """However the transactions are cut: the same keys, and people near their bound."""
    changed = {"jobs_in_flight_per_user": 3}
    settings.PARLEY_JOB_LIMITS = settings.PARLEY_JOB_LIMITS.model_copy(update=changed)
    wanted = [
        checked(ok(people[name], key=key, room=room, priority=priority))
        for name, key, room, priority in asked
    ]
    edges = [0, *sorted(cut for cut in cuts if cut < len(wanted)), len(wanted)]
    runs = [wanted[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    together = _undone(lambda: [each for run in runs for each in intake.write(run)])
    alone = _undone(lambda: [each for one in wanted for each in intake.write([one])])
    assert together == alone


def _undone(call: Callable[[], list[SubmissionOutcome]]) -> list[Any]:
    """What came of each and what the rooms were told, with numbers for jobs; then undone."""
    admission.forget()
    with transaction.atomic():
        outcomes = call()
        numbers: dict[uuid.UUID, int] = {}
        for each in outcomes:
            if isinstance(each, Submitted):
                numbers.setdefault(each.job.pk, len(numbers))
        seen: list[Any] = [
            (type(each).__name__, str(each))
            if isinstance(each, Refusal)
            else (numbers[each.job.pk], each.new, each.job.seq)
            for each in outcomes
        ]
        told = Event.objects.filter(type__in=["job.changed", "member.joined"]).order_by(
            "room", "seq"
        )
        seen += [(row.room_id, row.seq, row.type, _number(row.payload, numbers)) for row in told]
        assert Job.objects.count() == len(numbers)
        transaction.set_rollback(True)
    return seen


def _number(payload: dict[str, Any], numbers: dict[uuid.UUID, int]) -> int | None:
    return numbers[uuid.UUID(payload["job"]["id"])] if "job" in payload else None


# What is asked ------------------------------------------------------------------------------------


HISTORY = 2_000


def test_what_every_submission_asks_finds_its_rows_by_an_index(alice: User, lobby: Room) -> None:
    """Of the person's history only what is unfinished, and the key, is looked at."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and "jobs_job" in sql and sql.startswith(("SELECT", "WITH")):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    # With a handful of rows any index is as good as the other.
    history = [
        Job(
            kind="test.outcome",
            title="Test",
            state=State.SUCCEEDED,
            requested_by=alice,
            queue="default",
            idempotency_key=f"old-{number}",
        )
        for number in range(HISTORY)
    ]
    Job.objects.bulk_create(history)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE jobs_job")
    actions.submit(ok(alice))
    with connection.execute_wrapper(note):
        actions.submit(ok(alice, key="k"))
    mine = [(sql, params) for sql, params in asked if "requested_by_id" in sql]
    assert len(mine) == 2, mine
    plans = [_plan(sql, params) for sql, params in mine]
    for index in ("job_in_flight", "one_job_a_key"):
        assert any(index in plan for plan in plans), plans


def _plan(sql: str, params: Any) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", params)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return "\n".join(str(row) for row in cursor.fetchall())
