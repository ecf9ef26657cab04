"""A kind for the suite whose params choose what happens. Known where PARLEY_KINDS=tests.kinds."""

import asyncio
import os
import signal
import threading
import time
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from celery.worker.control import control_command
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone, translation

from jobs.registry import Backoff, Params, kind
from jobs.running.context import Cancelled, Context, GiveUp, RetryLater

Outcome = Literal[
    "ok",
    "error",
    "secret",
    "give_up",
    "retry_later",
    "slow",
    "hang",
    "stubborn",
    "kill",
    "exit",
    "attach",
    "steps",
    "not_json",
    "catch_cancel",
    "unspeakable",
    "mute",
    "scribble",
    "odd_numbers",
    "open_transaction",
    "astray",
]


class OutcomeParams(Params):
    """`failures`: how many attempts fail first. `trace`: a file that gets a line an attempt."""

    outcome: Outcome = "ok"
    value: str = ""
    seconds: float = 0
    steps: int = 10
    failures: int = 0
    trace: str = ""


class CoroutineParams(Params):
    outcome: Literal["ok", "error", "exit", "hang", "attach", "query"] = "ok"
    value: str = ""
    seconds: float = 0


class Expected(Exception):
    """A failure that a test asked for."""


class Hopeless(Exception):
    """One that is not worth another attempt."""


@kind(
    "test.outcome",
    title="Test",
    params=OutcomeParams,
    queue="interactive",
    max_attempts=3,
    backoff=Backoff(base=0.05, cap=0.1),
    soft_time_limit=60,
    give_up_on=[Hopeless],
    tell=[Expected, Hopeless],
)
def outcome(ctx: Context[OutcomeParams]) -> Any:
    """Does what its params say."""
    params = ctx.params
    if params.trace:
        with Path(params.trace).open("a") as file:
            file.write(f"{ctx.id} {ctx.attempt} {os.getpid()}\n")
    if ctx.attempt <= params.failures:
        raise Expected(f"failure {ctx.attempt} of {params.failures}")
    return OUTCOMES[params.outcome](ctx)


@kind(
    "test.short",
    params=OutcomeParams,
    max_attempts=1,
    soft_time_limit=1,
    hard_time_limit=3,
    tell=[Expected],
)
def short(ctx: Context[OutcomeParams]) -> Any:
    """The same with time limits of one and three seconds and a single attempt."""
    return OUTCOMES[ctx.params.outcome](ctx)


@control_command(name="test_block")
def block(state: Any) -> None:
    """Over remote control: the worker's loop does not turn any more."""
    threading.Event().wait()


class KeyedParams(Params):
    value: str = "a"
    outcome: Literal["ok", "lost"] = "ok"


@kind("test.keyed", params=KeyedParams, at_once=1, key="value")
def keyed(ctx: Context[KeyedParams]) -> str:
    """One at a time for each value."""
    return ctx.params.value


@kind("test.two", params=KeyedParams, at_once=2, key="room")
def two(ctx: Context[KeyedParams]) -> str:
    """Two at a time in each room."""
    return ctx.params.value


@kind(
    "test.unique",
    params=OutcomeParams,
    unique_within=timedelta(minutes=10),
    unique_params=["value"],
)
def unique(ctx: Context[OutcomeParams]) -> Any:
    """The same value again within ten minutes is the same job."""
    return OUTCOMES[ctx.params.outcome](ctx)


@kind("test.process", params=OutcomeParams, needs_process=True)
def process(ctx: Context[OutcomeParams]) -> Any:
    """One that has to be stoppable by force."""
    return OUTCOMES[ctx.params.outcome](ctx)


@kind(
    "test.coroutine",
    params=CoroutineParams,
    queue="interactive",
    backoff=Backoff(base=0.05, cap=0.1),
    soft_time_limit=60,
    tell=[Expected],
)
async def coroutine(ctx: Context[CoroutineParams]) -> Any:
    """What a kind does that is a coroutine."""
    return await COROUTINES[ctx.params.outcome](ctx)


async def co_ok(ctx: Context[CoroutineParams]) -> dict[str, Any]:
    await asyncio.sleep(ctx.params.seconds)
    return {"value": ctx.params.value}


async def co_error(ctx: Context[CoroutineParams]) -> None:
    await asyncio.sleep(0)
    raise Expected("from a coroutine")


async def co_exit(ctx: Context[CoroutineParams]) -> None:
    raise SystemExit(3)


async def co_hang(ctx: Context[CoroutineParams]) -> None:
    """Never looks, and tidies up when it is stopped."""
    ctx.progress(1)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        ctx.log("tidied up")


async def co_attach(ctx: Context[CoroutineParams]) -> dict[str, Any]:
    await ctx.aattach("hello.txt", "text/plain", b"hello")
    return {"parts": await ctx.asteps({"first": lambda: 1, "second": lambda: 2})}


async def co_query(ctx: Context[CoroutineParams]) -> dict[str, Any]:
    return {"users": await get_user_model().objects.acount()}


COROUTINES = {
    "ok": co_ok,
    "error": co_error,
    "exit": co_exit,
    "hang": co_hang,
    "attach": co_attach,
    "query": co_query,
}


def ok(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    return {"summary": f"Done {ctx.params.value}".strip(), "value": ctx.params.value}


def error(ctx: Context[OutcomeParams]) -> None:
    raise (Hopeless if ctx.params.value == "hopeless" else Expected)(ctx.params.value or "an error")


def secret(ctx: Context[OutcomeParams]) -> None:
    """What a library says when it cannot reach something."""
    text = "could not connect to postgres://parley:s3cret@db.internal:5432"
    if ctx.params.value == "step":

        def part() -> None:
            raise ConnectionError(text)

        ctx.steps({"part": part})
    raise ConnectionError(text)


def give_up(ctx: Context[OutcomeParams]) -> None:
    raise GiveUp(ctx.params.value or "no use")


def retry_later(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    if ctx.attempt == 1:
        raise RetryLater(ctx.params.seconds)
    return ok(ctx)


def slow(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    """`steps` steps of `seconds` each, with progress."""
    for step in range(ctx.params.steps):
        ctx.progress(step, ctx.params.steps, f"step {step}")
        # Not `time.sleep`, which fails under a clock that libfaketime sets.
        threading.Event().wait(ctx.params.seconds)
    ctx.progress(ctx.params.steps, ctx.params.steps, "done")
    return ok(ctx)


def hang(ctx: Context[OutcomeParams]) -> None:
    """Never looks whether it should stop, but can be interrupted."""
    time.sleep(ctx.params.seconds or 600)


def stubborn(ctx: Context[OutcomeParams]) -> None:
    """Swallows whatever would stop it."""
    end = time.monotonic() + (ctx.params.seconds or 600)
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:
            ctx.log("not me")


def kill(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    """Takes its process along, `steps` times."""
    if ctx.attempt <= ctx.params.steps:
        os.kill(os.getpid(), signal.SIGKILL)
    return ok(ctx)


def unspeakable(ctx: Context[OutcomeParams]) -> None:
    """A text that no database keeps."""
    raise Expected("bad line: \ud83d\0")


class Mute(Exception):
    def __str__(self) -> str:
        raise KeyError("no words")


def mute(ctx: Context[OutcomeParams]) -> None:
    raise Mute


def scribble(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    """Odd texts wherever texts go."""
    name = "caf\udce9\0.txt"
    ctx.log("reading %s", name)
    ctx.progress(1, 2, name)
    ctx.attach(name, "text/plain", b"x")
    return {"summary": name, "deep": [{name: name}]}


def odd_numbers(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    odd: Any
    for odd in (float("nan"), float("inf"), "7"):
        try:
            ctx.progress(odd)
        except ValueError:
            continue
        raise AssertionError(odd)
    odd = Decimal("1")
    total: Any = Fraction(3, 1)
    ctx.progress(odd, total)
    return ok(ctx)


def open_transaction(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    """Begins a transaction in one of three ways, writes in it, and goes."""
    if ctx.params.value == "atomic":
        transaction.atomic().__enter__()
    elif ctx.params.value == "autocommit":
        transaction.set_autocommit(False)
    with connection.cursor() as cursor:
        if ctx.params.value == "raw":
            cursor.execute("BEGIN")
        cursor.execute("UPDATE rooms_room SET topic = 'scribbled'")
    return ok(ctx)


def astray(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    """Leaves everything different from how it was."""
    timezone.activate("Pacific/Kiritimati")
    translation.activate("de")
    os.chdir("/")
    os.umask(0)
    os.environ["PARLEY_ASTRAY"] = "1"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return ok(ctx)


def leave(ctx: Context[OutcomeParams]) -> None:
    raise SystemExit(3)


def attach(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    ctx.attach("hello.txt", "text/plain", b"hello " + ctx.params.value.encode())
    return ok(ctx)


def steps(ctx: Context[OutcomeParams]) -> dict[str, Any]:
    """Two parts; the second fails in the first attempt when `value` is "fail"."""

    def second() -> dict[str, int]:
        if ctx.params.value == "fail" and ctx.attempt == 1:
            raise Expected("the second part")
        return {"second": ctx.attempt}

    return {"parts": ctx.steps({"first": lambda: {"first": ctx.attempt}, "second": second})}


def not_json(ctx: Context[OutcomeParams]) -> object:
    return {"value": object()}


def catch_cancel(ctx: Context[OutcomeParams]) -> None:
    """Tidies up when it is cancelled."""
    try:
        hang(ctx)
    except Cancelled:
        ctx.log("tidied up")
        raise


OUTCOMES = {
    "ok": ok,
    "error": error,
    "secret": secret,
    "give_up": give_up,
    "retry_later": retry_later,
    "slow": slow,
    "hang": hang,
    "stubborn": stubborn,
    "kill": kill,
    "exit": leave,
    "attach": attach,
    "steps": steps,
    "not_json": not_json,
    "catch_cancel": catch_cancel,
    "unspeakable": unspeakable,
    "mute": mute,
    "scribble": scribble,
    "odd_numbers": odd_numbers,
    "open_transaction": open_transaction,
    "astray": astray,
}
