"""`POST /jobs/batch`, and what an `Idempotency-Key` promises for it and for one job."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from jobs.lifecycle import doorbell
from jobs.loops import pruning
from jobs.models import Job, KeptAnswer, State
from jobs.submitting import admission, batch
from rooms.features.bans import actions as bans
from rooms.models import Event, Room, User
from tests.support.caller import Caller

pytestmark = pytest.mark.django_db(transaction=True)

Callers = Callable[[Any], Caller]


def ok(**more: Any) -> dict[str, Any]:
    return {"kind": "test.outcome", "params": {"outcome": "ok"}, "room": "lobby", **more}


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    rings: list[Any] = []
    monkeypatch.setattr(doorbell, "_ring", lambda jobs: rings.extend(job.pk for job in jobs))
    yield rings


@pytest.fixture
def bound(settings: Any) -> Callable[..., None]:
    def change(**values: object) -> None:
        settings.PARLEY_JOB_LIMITS = settings.PARLEY_JOB_LIMITS.model_copy(update=values)
        admission.forget()

    return change


def post(call: Caller, mode: str, jobs: list[Any], key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return call.post("jobs/batch", {"mode": mode, "jobs": jobs}, headers=headers)


# All or each --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["all", "each"])
def test_many_jobs_in_one_request(
    caller: Callers, alice: User, lobby: Room, rung: list[Any], mode: str, bound: Any
) -> None:
    """More than one transaction takes, for each; in the order in which they were asked for."""
    bound(jobs_in_flight_per_user=1000)
    wanted = [ok(priority=number % 10) for number in range(130)]
    answer = post(caller(alice), mode, wanted)
    assert answer.status_code == 200, answer.content
    outcomes = answer.json()["outcomes"]
    assert {each["status"] for each in outcomes} == {202}
    assert [each["job"]["priority"] for each in outcomes] == [n % 10 for n in range(130)]
    seqs = [each["job"]["seq"] for each in outcomes]
    assert seqs == sorted(seqs)
    told = Event.objects.filter(type="job.changed").order_by("seq")
    assert [row.payload["job"]["id"] for row in told] == [each["job"]["id"] for each in outcomes]
    assert [str(pk) for pk in rung] == [each["job"]["id"] for each in outcomes]


WRONG = [
    ok(),
    ok(kind="room.report", params={"days": 0}),
    ok(kind="no.such"),
    ok(room="nowhere"),
    ok(kind="room.report", params={}, room=None),
]


def test_each_has_an_outcome_of_its_own(caller: Callers, alice: User, lobby: Room) -> None:
    answer = post(caller(alice), "each", WRONG)
    assert answer.status_code == 200
    outcomes = answer.json()["outcomes"]
    assert [each["status"] for each in outcomes] == [202, 422, 422, 404, 422]
    assert outcomes[1]["problem"]["errors"][0]["pointer"] == "/params/days"
    assert outcomes[3]["problem"]["code"] == "not_found"
    assert Job.objects.count() == 1


def test_all_or_none_with_a_pointer_to_each_fault(
    caller: Callers, alice: User, lobby: Room, rung: list[Any]
) -> None:
    answer = post(caller(alice), "all", [each for each in WRONG if each.get("room") != "nowhere"])
    assert answer.status_code == 422
    pointers = [each["pointer"] for each in answer.json()["errors"]]
    assert pointers == ["/jobs/1/params/days", "/jobs/2", "/jobs/3/room"]
    assert (Job.objects.count(), Event.objects.filter(type="job.changed").count()) == (0, 0)
    assert rung == []


def test_what_only_the_database_knows_refuses_all_as_well(
    caller: Callers, charlie: User, lobby: Room, den: Room, rung: list[Any]
) -> None:
    answer = post(caller(charlie), "all", [ok(), ok(room="den"), ok(room="nowhere")])
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/jobs/1", "/jobs/2"]
    assert not Job.objects.exists() and not rung
    assert not lobby.memberships.filter(user=charlie).exists()


def test_admission_counts_the_whole(caller: Callers, alice: User, lobby: Room, bound: Any) -> None:
    bound(jobs_in_flight_per_user=3)
    refused = post(caller(alice), "all", [ok()] * 4)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (429, "/jobs/3")
    assert int(refused["Retry-After"]) >= 1
    assert not Job.objects.exists()
    answer = post(caller(alice), "each", [ok()] * 4)
    assert [each["status"] for each in answer.json()["outcomes"]] == [202, 202, 202, 429]
    assert answer.json()["outcomes"][3]["problem"]["retry_after"] >= 1
    assert Job.objects.count() == 3


def test_a_full_queue_refuses_the_rest(
    caller: Callers, alice: User, lobby: Room, bound: Any
) -> None:
    bound(jobs_queued=2)
    answer = post(caller(alice), "each", [ok()] * 3)
    assert [each["status"] for each in answer.json()["outcomes"]] == [202, 202, 503]
    assert post(caller(alice), "all", [ok()]).status_code == 503


@pytest.mark.parametrize("jobs", [[], [ok()] * 1001, [ok(prams={})], "x", [1]])
def test_what_is_no_batch(caller: Callers, alice: User, lobby: Room, jobs: Any) -> None:
    answer = post(caller(alice), "each", jobs)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/jobs")


def test_a_thousand_cost_what_a_thousand_cost(
    caller: Callers, alice: User, lobby: Room, bound: Any
) -> None:
    """Processor time for each of them does not grow with how many there are."""
    bound(jobs_in_flight_per_user=10_000)
    call = caller(alice)

    def cost(count: int) -> float:
        began = time.process_time()
        assert post(call, "all", [ok(params={"value": "x" * 1500})] * count).status_code == 200
        return (time.process_time() - began) / count

    cost(100)
    assert cost(batch.MOST_JOBS) < 4 * min(cost(100) for _ in range(3))


# Keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["all", "each"])
def test_a_batch_with_a_key_is_done_once(
    caller: Callers, alice: User, lobby: Room, mode: str
) -> None:
    call = caller(alice)
    wanted = [ok(), ok(priority=1)] if mode == "all" else [ok(), ok(room="nowhere")]
    first = post(call, mode, wanted, "k")
    Job.objects.update(state=State.CANCELLED)
    again = post(call, mode, wanted, "k")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert Job.objects.count() == (2 if mode == "all" else 1)
    assert post(call, mode, [ok(priority=2)], "k").status_code == 422
    assert call.post("jobs", ok(), headers={"Idempotency-Key": "k"}).status_code == 422


@pytest.mark.parametrize("key", ["k" * 256, '""'])
def test_a_key_that_is_none(caller: Callers, alice: User, lobby: Room, key: str) -> None:
    call = caller(alice)
    assert post(call, "each", [ok()], key).status_code == 422
    assert post(call, "each", [ok(idempotency_key=key)]).status_code == 422
    assert call.post("jobs", ok(), headers={"Idempotency-Key": key}).status_code == 422
    assert not Job.objects.exists() and not KeptAnswer.objects.exists()


def test_a_refused_batch_may_be_tried_again(
    caller: Callers, alice: User, lobby: Room, bound: Any
) -> None:
    bound(jobs_in_flight_per_user=1)
    assert post(caller(alice), "all", [ok(), ok()], "k").status_code == 429
    assert not KeptAnswer.objects.exists()
    bound(jobs_in_flight_per_user=2)
    assert post(caller(alice), "all", [ok(), ok()], "k").status_code == 200


def test_a_batch_whose_process_died_is_gone_on_with(
    caller: Callers, alice: User, lobby: Room
) -> None:
    call, wanted = caller(alice), [ok(), ok(priority=1)]
    first = post(call, "each", wanted, "k").json()["outcomes"]
    Job.objects.filter(priority=1).delete()
    KeptAnswer.objects.update(status=None, body="")
    assert post(call, "each", wanted, "k").status_code == 409
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(minutes=10))
    again = post(call, "each", wanted, "k").json()["outcomes"]
    assert again[0]["job"]["id"] == first[0]["job"]["id"]
    assert again[1]["job"]["id"] != first[1]["job"]["id"]
    assert Job.objects.count() == 2


def test_a_job_of_a_batch_may_have_a_key_of_its_own(
    caller: Callers, alice: User, lobby: Room
) -> None:
    call = caller(alice)
    one = call.post("jobs", ok(), headers={"Idempotency-Key": "one"}).json()
    wanted = [ok(idempotency_key="one"), ok(idempotency_key="two"), ok(idempotency_key="two")]
    outcomes = post(call, "each", wanted).json()["outcomes"]
    assert outcomes[0]["job"]["id"] == one["id"]
    assert outcomes[1]["job"]["id"] == outcomes[2]["job"]["id"]
    assert Job.objects.count() == 2


def test_the_same_request_has_the_same_answer(caller: Callers, alice: User, lobby: Room) -> None:
    call = caller(alice)
    first = call.post("jobs", ok(), headers={"Idempotency-Key": "k"})
    Job.objects.update(state=State.CANCELLED)
    again = call.post("jobs", ok(), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.content) == (202, first.content)
    assert again["Location"] == first["Location"]
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(days=2))
    pruning.kept_answers()
    later = call.post("jobs", ok(), headers={"Idempotency-Key": "k"}).json()
    assert (later["id"], later["state"]) == (first.json()["id"], "cancelled")
    assert Job.objects.count() == 1


def test_an_answer_is_not_given_to_who_may_not_see_it_any_more(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    call = caller(bob)
    headers = {"Idempotency-Key": "one"}
    assert call.post("jobs", ok(), headers=headers).status_code == 202
    assert post(call, "each", [ok(), ok(room=None)], "many").status_code == 200
    bans.ban(lobby.pk, bob, alice)
    assert call.post("jobs", ok(), headers=headers).status_code == 404
    assert post(call, "each", [ok(), ok(room=None)], "many").status_code == 404
    assert caller(alice).post("jobs", ok(), headers=headers).status_code == 202


# What is left -------------------------------------------------------------------------------------


def test_the_answer_says_how_many_jobs_may_come(
    caller: Callers, alice: User, lobby: Room, bound: Any
) -> None:
    bound(jobs_in_flight_per_user=2)
    call = caller(alice)
    policy = '"jobs";q=2;qu="concurrent-requests"'
    for left, status in ((1, 202), (0, 202), (0, 429)):
        answer = call.post("jobs", ok())
        assert answer.status_code == status
        assert (
            policy in answer["RateLimit-Policy"] and '"requests";q=' in answer["RateLimit-Policy"]
        )
        assert f'"jobs";r={left};t=' in answer["RateLimit"]
    assert orjson.loads(answer.content)["code"] == "rate_limited"
