"""The kinds that are measured; Parley knows them by PARLEY_KINDS."""

import time

from pydantic import Field

from jobs.registry import Params, kind
from jobs.running.context import Context


class SleepParams(Params):
    seconds: float = Field(3.5, ge=0)


@kind("bench.nothing", title="Nothing")
def nothing(_ctx: Context[Params]) -> None:
    """Does nothing."""


@kind("bench.sleep", title="Sleep", params=SleepParams)
def sleep(ctx: Context[SleepParams]) -> None:
    """Waits, as for a network."""
    time.sleep(ctx.params.seconds)
