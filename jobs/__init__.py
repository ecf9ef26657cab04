"""Jobs handed to Celery workers, whose progress and results come back into rooms.

`jobs.submit` has one done. It is loaded when it is asked for: Django imports this module before
there are models.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.submitting.outbox import submit as submit


def __getattr__(name: str) -> Any:
    if name == "submit":
        from jobs.submitting.outbox import submit

        return submit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
