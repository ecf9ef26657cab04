"""`Prefer: wait`: an answer that waits for a job's end, and keeps nobody else from being served."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.site import Person, Site
from tests.support.waiting import until

TURNS = 2
WAITS_PER_PERSON = 20
OK = {"kind": "test.outcome", "params": {"outcome": "ok", "value": "x"}}
# Of a job that waits until somebody cancels it.
TOMORROW = datetime.now(UTC) + timedelta(days=1)
LATER = {**OK, "run_at": TOMORROW.isoformat()}


def look(client: httpx.Client, job: dict[str, Any], wait: str = "") -> httpx.Response:
    return client.get(f"/jobs/{job['id']}", headers={"Prefer": wait} if wait else {})


def waiting(client: httpx.Client, job: dict[str, Any], wait: str = "wait=30") -> httpx.Response:
    return client.post("/jobs", json=job, headers={"Prefer": wait})


def test_the_answer_tells_how_the_job_ended(site: Site) -> None:
    with site.api(site.user("alice")) as client:
        answer = waiting(client, OK, "respond-async, wait=20")
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert (job["state"], job["result"]["value"]) == ("succeeded", "x")
        assert answer.headers["Preference-Applied"] == "wait=20"
        again = look(client, job, "wait=20")
        assert "Preference-Applied" not in again.headers, "there is nothing to wait for"


def test_looking_at_a_job_waits_as_well(site: Site) -> None:
    with site.api(site.user("alice")) as client:
        slow = {**OK, "params": {"outcome": "slow", "steps": 5, "seconds": 0.1}}
        first = client.post("/jobs", json=slow)
        assert first.json()["state"] == "queued"
        answer = look(client, first.json(), "wait=20")
        assert answer.status_code == 200
        assert answer.json()["state"] == "succeeded"
        assert len(answer.json()["attempts"]) == 1
        assert "Retry-After" not in answer.headers
        plain = look(client, first.json()).json()
        assert answer.json() == plain, "it is what anybody is told who does not wait"


def test_a_job_that_takes_longer_is_answered_as_it_is(site: Site) -> None:
    with site.api(site.user("alice")) as client:
        answer = waiting(client, LATER, "wait=1")
        assert (answer.status_code, answer.json()["state"]) == (202, "scheduled")
        assert answer.headers["Preference-Applied"] == "wait=1"
        looked = look(client, answer.json(), "wait=1")
        assert looked.json()["state"] == "scheduled"
        assert int(looked.headers["Retry-After"]) > 1


@pytest.fixture
def few_turns() -> Iterator[Site]:
    limits = {"PARLEY_REQUESTS_AT_ONCE": TURNS, "PARLEY_REQUESTS_AT_ONCE_PER_CLIENT": TURNS}
    more = {"PARLEY_JOBS_IN_FLIGHT_PER_USER": 100, "PARLEY_REQUESTS_BURST": 1000}
    env = {name: str(value) for name, value in {**limits, **more}.items()}
    with Site(env, parts=("web",)) as running:
        yield running


class Crowd:
    """Requests of one person, each of which waits for a job of its own."""

    def __init__(self, site: Site, person: Person, count: int) -> None:
        self.client = httpx.Client(
            base_url=f"{site.url}/api/v1",
            headers=person.bearer,
            timeout=60,
            trust_env=False,
            limits=httpx.Limits(max_connections=count + 1),
        )
        self.threads = ThreadPoolExecutor(count)
        self.answers: list[Future[httpx.Response]] = [
            self.threads.submit(waiting, self.client, LATER) for _ in range(count)
        ]

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get("/jobs").json()["jobs"]
        return found


@pytest.fixture
def crowd(few_turns: Site) -> Iterator[Crowd]:
    crowd = Crowd(few_turns, few_turns.user("alice"), WAITS_PER_PERSON)
    try:
        until(lambda: len(crowd.jobs()) == WAITS_PER_PERSON)
        yield crowd
    finally:
        few_turns.web.kill()
        crowd.threads.shutdown()
        crowd.client.close()


def test_those_who_wait_keep_nobody_from_being_served(few_turns: Site, crowd: Crowd) -> None:
    assert not any(answer.done() for answer in crowd.answers)
    with few_turns.api(few_turns.user("bob")) as his:
        assert his.get("/rooms").status_code == 200
    # One more than a person may have: it is answered at once.
    over = waiting(crowd.client, LATER)
    assert (over.status_code, over.json()["state"]) == (202, "scheduled")
    assert "Preference-Applied" not in over.headers
    for job in crowd.jobs():
        crowd.client.post(f"/jobs/{job['id']}/cancel")
    for answer in crowd.answers:
        assert answer.result().json()["state"] == "cancelled"
        assert answer.result().headers["Preference-Applied"] == "wait=30"


def test_a_server_that_ends_answers_those_who_wait(few_turns: Site, crowd: Crowd) -> None:
    few_turns.web.terminate()
    for answer in crowd.answers:
        assert answer.result().status_code == 202
        assert answer.result().json()["state"] == "scheduled"
