"""A secret param, and a secret result, are nowhere but where the worker needs them."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pydantic import SecretStr, field_validator

from jobs import registry
from jobs.models import Job, State
from jobs.registry import Backoff, Params
from jobs.running.context import Context, GiveUp, RetryLater
from jobs.scheduling import actions as schedules
from jobs.scheduling.actions import NewSchedule
from jobs.submitting import actions
from jobs.submitting.actions import Submission
from rooms.models import Room, User
from rooms.protocol import Conflict, Invalid
from tests.integration.jobs.conftest import fresh, make_due
from tests.support.caller import Caller
from tests.support.workshop import Run

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "hunter2 & 'friends'/\u00e9"
RESULT = "made-up-key-4711"
SHOWN_AS = "hunter2"


class Login(Params):
    how: str = "ok"
    password: SecretStr
    more: list[SecretStr] = []

    @field_validator("password")
    @classmethod
    def long_enough(cls, password: SecretStr) -> SecretStr:
        if len(password.get_secret_value()) < 8:
            raise ValueError(f"{password.get_secret_value()!r} is too short")
        return password


def login(ctx: Context[Login]) -> Any:
    """Tells its secrets wherever it can."""
    password = ctx.params.password.get_secret_value()
    ctx.log("with %s", password)
    ctx.log("or %r, or %s", password, [each.get_secret_value() for each in ctx.params.more])
    ctx.progress(1, 2, f"as {password}")
    ctx.steps({"part": lambda: {"with": password}})
    if ctx.params.how == "later" and ctx.attempt == 1:
        raise RetryLater(0, f"not with {password}")
    if ctx.params.how == "give_up":
        raise GiveUp(f"not with {password}")
    if ctx.params.how == "error":
        raise ValueError(f"{password[:9]}... is cut")
    return {"summary": f"with {password}", password: [password], "key": RESULT}


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    options: dict[str, Any] = {"params": Login, "backoff": Backoff(0, 0), "max_attempts": 2}
    registry.kind("secret.params", **options)(login)
    registry.kind("secret.result", **options, secret_result=True)(login)
    registry.kind("secret.field", **options, secret_result=["key"])(login)
    yield
    for name in ("secret.params", "secret.result", "secret.field"):
        del registry._kinds[name]


@pytest.fixture
def ask(alice: User, lobby: Room) -> Callable[..., Job]:
    def ask(how: str, kind: str = "secret.params", **options: Any) -> Job:
        params = {"how": how, "password": SECRET, "more": [SECRET]}
        return actions.submit(Submission(alice, kind, params, "lobby", **options))[0]

    return ask


def told(text: str, *but: str) -> list[str]:
    """The lines that say a secret, in whatever way it is written."""
    wanted = {SHOWN_AS, RESULT} - set(but)
    return [line for line in text.splitlines() if any(each in line for each in wanted)]


def tables(*but: str) -> dict[str, list[str]]:
    """Columns of the whole database that have a secret in them."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                having = [
                    name for name, value in zip(names, row, strict=True) if told(str(value), *but)
                ]
                if having:
                    found.setdefault(table, []).extend(having)
    return found


@pytest.mark.parametrize("how", ["ok", "give_up", "error", "later"])
def test_no_secret_is_left_anywhere_after_the_end(
    ask: Callable[..., Job], run: Run, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    caplog.set_level(logging.DEBUG)
    job = ask(how, key="once")
    assert tables() == {"jobs_job": ["secret_params"]}
    job = run(job)
    if not job.finished:
        assert set(tables()) <= {"jobs_job", "jobs_step"}
        assert set(sum(tables().values(), [])) <= {"secret_params", "secret_result"}
        make_due(job)
        job = run(job)
    assert job.state == (State.SUCCEEDED if how in ("ok", "later") else State.FAILED)
    # The kind does not say that its result is secret.
    assert (RESULT in str(job.result)) == (job.state == State.SUCCEEDED)
    assert tables(RESULT) == {}
    assert told(caplog.text) == []
    assert job.params == {"how": how, "password": "**********", "more": ["**********"]}


def test_the_kind_itself_is_given_them(
    ask: Callable[..., Job], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []

    def note(ctx: Context[Login]) -> None:
        given.append(ctx.params.password.get_secret_value())
        given.extend(ctx.steps({"part": lambda: SECRET}).values())
        if ctx.attempt == 1:
            raise RetryLater(0)

    kind = registry.get("secret.params")
    object.__setattr__(kind, "run", note)
    job = run(ask("ok"))
    make_due(job)
    assert run(job).state == State.SUCCEEDED
    assert given == [SECRET] * 4, "a step that is done gives its result again"


def test_a_job_that_is_cancelled_before_it_begins_forgets_as_well(
    ask: Callable[..., Job], alice: User
) -> None:
    job = ask("ok")
    actions.cancel(alice, job.pk)
    assert tables() == {}
    with pytest.raises(Conflict, match="Submit it again"):
        actions.retry(alice, job.pk)
    assert fresh(job).state == State.CANCELLED


def test_a_secret_result_is_kept_nowhere(ask: Callable[..., Job], run: Run) -> None:
    job = run(ask("ok", "secret.result"))
    assert job.result == {"summary": "Result is done."}
    assert tables() == {}


def test_a_secret_field_of_a_result_is_left_out(ask: Callable[..., Job], run: Run) -> None:
    job = run(ask("ok", "secret.field"))
    assert job.result == {"summary": "with **********", "**********": ["**********"]}
    assert tables() == {}


def test_no_face_shows_it(
    ask: Callable[..., Job],
    alice: User,
    caller: Callable[[Any], Caller],
    admin_client: Client,
) -> None:
    job = ask("ok")
    asked = caller(alice)
    pages: list[Any] = [
        asked.get(f"jobs/{job.pk}"),
        asked.get("jobs"),
        asked.get("rooms/lobby/messages"),
    ]
    pages.append(admin_client.get(reverse("admin:jobs_job_change", args=[job.pk])))
    body = {"kind": "secret.params", "params": {"password": SECRET}}
    for _ in range(2):
        pages.append(asked.post("jobs", body, headers={"Idempotency-Key": "a"}))
        batch = {"mode": "each", "jobs": [{**body, "params": {"password": "hunter2"}}, body]}
        pages.append(asked.post("jobs/batch", batch, headers={"Idempotency-Key": "b"}))
    for page in pages:
        assert page.status_code in (200, 202)
        assert told(page.content.decode()) == []
    again = {**body, "params": {"password": SECRET + "!"}}
    other = asked.post("jobs", again, headers={"Idempotency-Key": "a"})
    assert other.status_code == 422, "it counts for whether it is the same request"
    assert set(tables()) == {"jobs_job"} and set(tables()["jobs_job"]) == {"secret_params"}


def test_a_refusal_does_not_say_it(alice: User) -> None:
    with pytest.raises(Invalid) as refused:
        actions.submit(Submission(alice, "secret.params", {"password": "hunter2"}))
    assert "too short" in refused.value.message
    assert told(str(refused.value.message) + str(refused.value.errors)) == []


def test_params_that_do_not_fit_any_more_are_not_said(ask: Callable[..., Job], run: Run) -> None:
    job = ask("ok")
    Job.objects.filter(pk=job.pk).update(secret_params={"password": "hunter2"})
    assert run(job).error_class == "GiveUp"
    assert tables() == {}


def test_a_schedule_does_not_keep_one(alice: User, lobby: Room) -> None:
    wanted = NewSchedule("secret.params", {"password": SECRET}, "lobby", cron="0 9 * * *")
    with pytest.raises(Invalid, match="secret params"):
        schedules.make(alice, wanted)


def test_the_admins_form_takes_it_unseen(admin_client: Client) -> None:
    address = f"{reverse('admin:jobs_job_add')}?kind=secret.params"
    assert 'type="password"' in admin_client.get(address).content.decode()
    typed = {"params.how": "ok", "params.password": "hunter2", "priority": "5", "key": "no"}
    page = admin_client.post(address, typed)
    assert page.status_code == 200 and told(page.content.decode()) == []
