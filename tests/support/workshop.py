"""What the fixtures hand out that submit jobs and run them in the test's own process."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Models are there only when Django is set up, and that is later.
    from jobs.models import Job
    from rooms.models import User

# One attempt; the job as it is afterwards.
Run = Callable[["Job"], "Job"]


class Submit(Protocol):
    """A test job of Alice's in the lobby; further keywords are its params."""

    def __call__(
        self,
        outcome: str = "ok",
        *,
        user: "User" = ...,
        room: str | None = "lobby",
        kind: str = "test.outcome",
        key: str = "",
        run_at: datetime | None = None,
        **params: object,
    ) -> "Job": ...
