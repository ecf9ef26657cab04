"""Kinds for the suite that ask. Known where PARLEY_KINDS names tests.asking_kinds."""

from typing import Any, Literal

from jobs.registry import Backoff, Params, kind
from jobs.running.context import Context, GiveUp
from tests.kinds import Expected


class AskParams(Params):
    """`asks`: how many questions, one after the other."""

    choices: list[str] = ["Yes", "No"]
    who: Literal["requester", "members", "moderators"] | None = None
    within: float = 3600
    default: str | None = None
    asks: int = 1
    failures: int = 0


@kind(
    "test.ask",
    title="Ask",
    params=AskParams,
    queue="interactive",
    backoff=Backoff(base=0.05, cap=0.1),
    tell=[Expected],
)
def ask(ctx: Context[AskParams]) -> dict[str, Any]:
    """Asks, and says what was answered. No `except Exception` keeps it from waiting."""
    params = ctx.params
    answers = []
    try:
        for number in range(params.asks):
            answer = ctx.ask(
                f"go-{number}",
                "Go *on*?" if number == 0 else f"And {number}?",
                choices=params.choices,
                who=params.who,
                within=params.within,
                default=params.default,
            )
            answers.append([answer.value, answer.by.username if answer.by else None])
    except GiveUp:
        raise
    except Exception:
        return {"summary": "swallowed"}
    if params.failures and ctx.attempt <= params.failures + 1:
        raise Expected("after the answer")
    return {"summary": "asked", "answers": answers}


@kind("test.aask", params=AskParams, queue="interactive")
async def aask(ctx: Context[AskParams]) -> dict[str, Any]:
    answer = await ctx.aask("go", "Go on?", choices=ctx.params.choices)
    return {"answers": [answer.value]}


@kind("test.ask_in_steps", queue="interactive")
def ask_in_steps(ctx: Context[Params]) -> dict[str, Any]:
    return ctx.steps({"asks": lambda: ctx.ask("go", "Go on?").value, "works": lambda: "done"})
