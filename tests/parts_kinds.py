"""Kinds for the suite that have parts. Known where PARLEY_KINDS names tests.parts_kinds."""

from typing import Any

from jobs.registry import Backoff, Params, kind
from jobs.running.context import Context, JobPart
from tests.kinds import Expected


class GatherParams(Params):
    """`outcomes`: those of the parts. `depth`: parts of parts. `failures`: attempts that fail after
    the parts."""

    outcomes: list[str] = ["ok", "ok"]
    required: bool = True
    depth: int = 0
    failures: int = 0


@kind(
    "test.gather",
    title="Gather",
    params=GatherParams,
    queue="interactive",
    backoff=Backoff(base=0.05, cap=0.1),
    tell=[Expected],
)
def gather(ctx: Context[GatherParams]) -> dict[str, Any]:
    """Has parts done, and says how they ended."""
    params = ctx.params
    if params.depth:
        below = {"outcomes": params.outcomes, "depth": params.depth - 1}
        parts = [JobPart("test.gather", below)]
    else:
        parts = [
            JobPart("test.outcome", {"outcome": outcome, "value": str(number)})
            for number, outcome in enumerate(params.outcomes)
        ]
    try:
        found = ctx.gather("parts", parts, required=params.required)
    except Exception as error:
        # As a kind may do that tidies up: nothing that waits comes by here.
        ctx.log("tidied up after %s", type(error).__name__)
        raise
    if ctx.attempt - 1 <= params.failures:
        raise Expected("failed after its parts")
    return {
        "summary": ", ".join(each.summary for each in found),
        "states": [str(each.state) for each in found],
    }


@kind("test.collect", title="Collect", queue="interactive")
def collect(ctx: Context[Params]) -> dict[str, Any]:
    """What was done before it."""
    return {"summary": " + ".join(each.summary for each in ctx.earlier())}


@kind("test.agather", title="Gather", params=GatherParams, queue="interactive")
async def agather(ctx: Context[GatherParams]) -> dict[str, Any]:
    """The same as a coroutine."""
    parts = [JobPart("test.outcome", {"outcome": outcome}) for outcome in ctx.params.outcomes]
    found = await ctx.agather("parts", parts, required=ctx.params.required)
    return {"summary": str(len(found)), "earlier": len(await ctx.aearlier())}
