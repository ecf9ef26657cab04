"""REST of jobs, as a program with a token sees it."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs.models import Job, State
from rooms.features.tokens.actions import create_token
from rooms.models import Event, Room, User
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)

# A method, a path and a body → the answer; and whose calls these are.
Call = Callable[..., Any]
Api = Callable[[User], Call]


@pytest.fixture
def api() -> Api:
    """Who calls → a function that calls: `api(alice)("POST", "/jobs", {...})`."""
    client = Client()

    def of(user: User) -> Call:
        token = create_token(user, "test")

        def call(method: str, path: str, body: object = None, **headers: str) -> Any:
            return client.generic(
                method,
                path if path.startswith("/api") else f"/api/v1{path}",
                b"" if body is None else json.dumps(body),
                "application/octet-stream" if body is None else "application/json",
                headers={"Authorization": f"Bearer {token}", **headers},
            )

        return call

    return of


def ok(**more: Any) -> dict[str, Any]:
    return {"kind": "test.outcome", "params": {"outcome": "ok"}, "room": "lobby", **more}


def test_submitting_says_where_to_look(api: Api, alice: User, lobby: Room, run: Run) -> None:
    call = api(alice)
    answer = call("POST", "/jobs", ok())
    assert answer.status_code == 202
    job = answer.json()
    assert answer["Location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["state"], job["room"], job["requested_by"]["id"]) == ("queued", "lobby", alice.pk)
    waiting = call("GET", answer["Location"])
    assert (waiting.status_code, waiting["Retry-After"]) == (200, "1")
    run(Job.objects.get(pk=job["id"]))
    done = call("GET", answer["Location"])
    assert "Retry-After" not in done
    assert done.json()["result"]["summary"] == "Done"
    assert [each["outcome"] for each in done.json()["attempts"]] == ["succeeded"]


def test_a_job_that_waits_says_how_many_go_first(
    api: Api, alice: User, bob: User, lobby: Room, run: Run
) -> None:
    """By priority, then by who came first; those of other queues and of no queue do not count."""
    call = api(alice)
    wanted = [
        ok(priority=5),
        ok(priority=9),
        ok(priority=5),
        ok(priority=0),
        ok(priority=0, run_at=(timezone.now() + timedelta(hours=1)).isoformat()),
        ok(priority=0) | {"kind": "room.report", "params": {}},
    ]
    ids = [call("POST", "/jobs", each).json()["id"] for each in wanted]
    ahead = [call("GET", f"/jobs/{each}").json()["ahead"] for each in ids]
    assert ahead == [1, 3, 2, 0, None, 0]
    run(Job.objects.get(pk=ids[3]))
    assert call("GET", f"/jobs/{ids[3]}").json()["ahead"] is None
    assert call("GET", f"/jobs/{ids[1]}").json()["ahead"] == 2


@pytest.mark.parametrize("spelt", ['"8e03-7c"', "8e03-7c"])
def test_the_idempotency_key_makes_it_one_job(
    api: Api, alice: User, lobby: Room, spelt: str
) -> None:
    call = api(alice)
    first = call("POST", "/jobs", ok(), **{"Idempotency-Key": "8e03-7c"})
    again = call("POST", "/jobs", ok(), **{"Idempotency-Key": spelt})
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    other = call("POST", "/jobs", ok(priority=1), **{"Idempotency-Key": spelt})
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"kind": "no.such", "room": "lobby"}, 422, None),
        ({"kind": "room.report", "room": "lobby", "params": {"days": "x"}}, 422, "/params/days"),
        ({"kind": "room.report"}, 422, None),
        ({"kind": "room.report", "room": "nowhere"}, 404, None),
        ({"kind": "room.report", "room": "lobby", "priority": 11}, 422, "/priority"),
        ({"kind": "room.report", "room": "lobby", "run_at": "2026-01-01T00:00"}, 422, "/run_at"),
        ({"kind": "room.report", "room": "lobby", "prams": {}}, 422, "/prams"),
        ({"params": {}}, 422, "/kind"),
        ([], 422, ""),
    ],
)
def test_a_mistake_is_a_problem_with_pointers(
    api: Api, alice: User, lobby: Room, body: object, status: int, pointer: str | None
) -> None:
    answer = api(alice)("POST", "/jobs", body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    if pointer is not None:
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_too_many_jobs_are_answered_with_429(
    api: Api, alice: User, lobby: Room, settings: Any
) -> None:
    limits = settings.PARLEY_JOB_LIMITS
    settings.PARLEY_JOB_LIMITS = limits.model_copy(update={"jobs_in_flight_per_user": 1})
    call = api(alice)
    call("POST", "/jobs", ok())
    refused = call("POST", "/jobs", ok())
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused["Retry-After"]) >= 1


def test_nobody_sees_what_is_not_theirs(
    api: Api, submit: Submit, alice: User, bob: User, charlie: User, den: Room
) -> None:
    secret = submit("ok", room="den")
    mine = submit("ok", room=None)
    public = submit("ok")
    assert listed(api(charlie)) == [public.pk]
    assert listed(api(bob)) == [public.pk, secret.pk]
    assert listed(api(alice)) == [public.pk, mine.pk, secret.pk]
    assert api(charlie)("GET", f"/jobs/{secret.pk}").status_code == 404
    assert api(charlie)("GET", f"/jobs/{mine.pk}").status_code == 404
    assert api(charlie)("GET", "/jobs?room=den").status_code == 404


def listed(call: Call, query: str = "") -> list[uuid.UUID]:
    return [uuid.UUID(job["id"]) for job in call("GET", f"/jobs{query}").json()["jobs"]]


def test_the_list_is_filtered(api: Api, submit: Submit, run: Run, alice: User, bob: User) -> None:
    call = api(alice)
    done, waiting = run(submit("ok")), submit("ok", kind="test.short", user=bob)
    assert listed(call, "?state=succeeded") == [done.pk]
    assert listed(call, "?state=succeeded&state=queued") == [waiting.pk, done.pk]
    assert listed(call, "?kind=test.short") == [waiting.pk]
    assert listed(call, f"?requested_by={bob.pk}") == [waiting.pk]
    assert listed(call, "?room=lobby") == [waiting.pk, done.pk]
    at = call("GET", f"/jobs/{waiting.pk}").json()["created_at"]
    assert listed(call, f"?before={at}") == [done.pk]
    assert listed(call, f"?after={at}") == [waiting.pk]
    assert call("GET", "/jobs?state=lost").status_code == 422


def test_pages_hold_every_job_once(api: Api, submit: Submit, alice: User) -> None:
    jobs = [submit("ok") for _ in range(5)]
    # Jobs of the same moment are told apart by their ids.
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    call, path, seen = api(alice), "/api/v1/jobs?limit=2&kind=test.outcome", []
    while path:
        page = call("GET", path).json()
        assert len(page["jobs"]) <= 2
        seen += [job["id"] for job in page["jobs"]]
        path = page["next"]
    assert sorted(seen) == sorted(str(job.pk) for job in jobs)


def test_a_made_up_cursor_is_refused(api: Api, alice: User, db: None) -> None:
    for cursor in ("x", "WyJ4IiwieSJd", "%00"):
        assert api(alice)("GET", f"/jobs?cursor={cursor}").status_code == 422


def test_a_page_costs_the_same_for_one_job_and_for_many(
    api: Api,
    submit: Submit,
    run: Run,
    alice: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    run(submit("attach"))
    run(submit("steps"))
    call = api(alice)
    call("GET", "/jobs")
    with django_assert_num_queries(9):
        call("GET", "/jobs")
    for _ in range(5):
        submit("ok")
    with django_assert_num_queries(9):
        call("GET", "/jobs")


def test_answering(api: Api, alice: User, bob: User, lobby: Room, run: Run) -> None:
    call = api(alice)
    body = {"kind": "test.ask", "room": "lobby", "params": {"who": "requester"}}
    path = call("POST", "/jobs", body)["Location"]
    run(Job.objects.get())
    waiting = call("GET", path)
    assert (waiting.json()["state"], waiting["Retry-After"]) == ("waiting", "5")
    assert call("GET", "/jobs?state=waiting").json()["jobs"][0]["id"] == waiting.json()["id"]
    [question] = waiting.json()["questions"]
    given = {"question": question["id"], "answer": "yes"}
    assert api(bob)("POST", f"{path}/answer", given).status_code == 403
    assert call("POST", f"{path}/answer", {**given, "answer": "Perhaps"}).status_code == 422
    assert call("POST", f"{path}/answer", {**given, "question": "x"}).status_code == 422
    done = call("POST", f"{path}/answer", given)
    assert (done.status_code, done.json()["state"]) == (200, "queued")
    assert done.json()["questions"][0]["answered_by"]["id"] == alice.pk
    assert call("POST", f"{path}/answer", given).status_code == 200
    late = call("POST", f"{path}/answer", {**given, "answer": "No"})
    assert late.status_code == 409
    assert "has answered already: Yes" in late.json()["detail"]
    other = {**given, "question": str(uuid.uuid4())}
    assert call("POST", f"{path}/answer", other).status_code == 409


def test_cancel_and_retry(api: Api, submit: Submit, alice: User, charlie: User) -> None:
    job = submit("ok")
    assert api(charlie)("POST", f"/jobs/{job.pk}/cancel").status_code == 403
    call = api(alice)
    assert call("POST", f"/jobs/{job.pk}/retry").status_code == 409
    assert call("POST", f"/jobs/{job.pk}/cancel").json()["state"] == "cancelled"
    assert call("POST", f"/jobs/{job.pk}/cancel").json()["state"] == "cancelled"
    assert call("POST", f"/jobs/{job.pk}/retry").json()["state"] == "queued"
    assert Job.objects.get().state == State.QUEUED


def test_an_error_is_the_same_over_rest_and_in_events(
    api: Api, submit: Submit, run: Run, alice: User
) -> None:
    job = run(submit("error", value="boo"))
    told = Event.objects.filter(type="job.changed").latest("seq").payload["job"]
    assert told["error"] == {"class": "Expected", "message": "boo"}
    call = api(alice)
    assert call("GET", f"/jobs/{job.pk}").json()["error"] == told["error"]
    assert call("GET", "/jobs").json()["jobs"][0] == told


def test_tracebacks_are_for_staff(api: Api, submit: Submit, run: Run, alice: User) -> None:
    job = run(submit("error"))
    attempt = api(alice)("GET", f"/jobs/{job.pk}").json()["attempts"][0]
    assert (attempt["error_class"], attempt["traceback"]) == ("Expected", None)
    alice.is_staff = alice.is_superuser = True
    alice.save()
    attempt = api(alice)("GET", f"/jobs/{job.pk}").json()["attempts"][0]
    assert "tests/kinds.py" in attempt["traceback"]


def test_kinds_are_described_with_a_schema(api: Api, alice: User, db: None) -> None:
    kinds = {kind["name"]: kind for kind in api(alice)("GET", "/job-kinds").json()["kinds"]}
    report = kinds["room.report"]
    assert report["needs_room"] and report["queue"] == "default"
    assert report["params_schema"]["properties"]["days"]["maximum"] == 366
    assert report["limits"]["max_attempts"] == 3


def test_without_a_token_there_is_nothing(db: None) -> None:
    for path in ("/api/v1/jobs", "/api/v1/job-kinds", f"/api/v1/jobs/{uuid.uuid4()}"):
        assert Client().get(path).status_code == 401


def test_then_makes_a_chain(api: Api, alice: User, lobby: Room, run: Run) -> None:
    call = api(alice)
    second, third = ({"kind": "test.outcome", "params": {"value": value}} for value in "bc")
    answer = call("POST", "/jobs", ok(then=[second, [second, third]], go_on=True))
    assert answer.status_code == 202, answer.json()
    job = answer.json()
    assert (job["kind"], job["parts"], job["parent"]) == ("jobs.chain", [], None)
    assert [len(stage) for stage in job["params"]["stages"]] == [1, 1, 2]
    assert job["params"]["go_on"] is True
    row = Job.objects.get(pk=job["id"])
    assert run(row).state == State.WAITING
    shown = call("GET", answer["Location"]).json()
    (part,) = shown["parts"]
    assert (part["state"], part["title"]) == ("queued", "Test")
    child = call("GET", f"/jobs/{part['id']}").json()
    assert child["parent"] == job["id"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"then": [{"kind": "no.such"}]}, "no kind"),
        ({"then": [[]]}, "at least 1"),
        ({"then": [{"params": {}}]}, "required"),
        ({"then": [{"kind": "test.outcome", "params": {"outcome": "?"}}]}, "outcome"),
        ({"then": [{"kind": "test.outcome"}], "go_on": "yes"}, "boolean"),
        ({"then": [{"kind": "test.outcome"}] * 20}, "at most 19"),
    ],
)
def test_a_chain_that_cannot_be_is_refused(
    api: Api, alice: User, lobby: Room, more: dict[str, Any], said: str
) -> None:
    answer = api(alice)("POST", "/jobs", ok(**more))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Job.objects.exists()
