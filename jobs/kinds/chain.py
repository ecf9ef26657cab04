"""`jobs.chain`: jobs one after the other, and side by side where that is wanted. REST submits it
for whoever says `then`."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from jobs import registry
from jobs.lifecycle.parts import MOST_PARTS
from jobs.registry import Params, kind
from jobs.running.context import Context, JobPart, PartResult
from jobs.submitting.submission import checked_params
from rooms.protocol import Refusal

CHAIN = "jobs.chain"
MOST_STAGES = 20


class ChainPart(Params):
    kind: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    params: dict[str, Any] = {}


Stage = Annotated[list[ChainPart], Field(min_length=1, max_length=MOST_PARTS)]


class ChainParams(Params):
    stages: Annotated[list[Stage], Field(min_length=1, max_length=MOST_STAGES)] = Field(
        description="one after the other; the jobs of a stage run side by side"
    )
    go_on: bool = Field(False, description="also after a stage in which a job has failed")

    @field_validator("stages")
    @classmethod
    def can_be_done(cls, stages: list[Stage]) -> list[Stage]:
        if sum(map(len, stages)) > MOST_PARTS:
            raise ValueError(f"a chain has at most {MOST_PARTS} jobs")
        for part in all_of(stages):
            require(part)
        return stages


def all_of(stages: list[Stage]) -> Iterator[ChainPart]:
    for stage in stages:
        yield from stage


def require(part: ChainPart) -> None:
    """Raises ValueError for what cannot be a part of a chain."""
    declared = registry.find(part.kind)
    if declared is None:
        raise ValueError(f"there is no kind {part.kind[:80]!r}")
    if part.kind == CHAIN:
        raise ValueError("a chain is no part of a chain: give it more stages")
    if declared.rule:
        raise ValueError(f"{part.kind} cannot be a part of a chain")
    if declared.has_secret_params:
        # They would stand in the chain's own params, which everybody reads.
        raise ValueError(f"{part.kind} has secret params, and a chain keeps none")
    try:
        checked_params(declared, part.params)
    except Refusal as refusal:
        raise ValueError(refusal.message) from None


@kind(CHAIN, title="Chain", params=ChainParams)
def chain(ctx: Context[ChainParams]) -> dict[str, Any]:
    """Runs jobs one after the other, or side by side, and ends with the last of them."""
    done: list[PartResult] = []
    for number, stage in enumerate(ctx.params.stages, 1):
        parts = [JobPart(each.kind, each.params) for each in stage]
        done += ctx.gather(f"stage {number}", parts, required=not ctx.params.go_on)
    failed = sum(not each.succeeded for each in done)
    said = f"{len(done) - failed} of {len(done)} done" if failed else done[-1].summary
    return {"summary": said, "done": len(done) - failed, "failed": failed}
