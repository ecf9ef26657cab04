"""Who wants to know that jobs have ended, or wait for parts of theirs, without those who write that
knowing of them. Called within the transaction; `parts` follows."""

from collections.abc import Callable, Iterable

from jobs.models import Job, State

_followers: list[Callable[[list[Job]], None]] = []


def follow(call: Callable[[list[Job]], None]) -> None:
    """`call` gets the jobs of a transaction that are parts or have some, before its commit."""
    if call not in _followers:
        _followers.append(call)


def tell(jobs: Iterable[Job]) -> None:
    """Costs nothing for jobs that are by themselves, as most are."""
    found = [
        job
        for job in jobs
        if (job.parent_id is not None or job.parts) and (job.finished or job.state == State.WAITING)
    ]
    if found:
        for call in _followers:
            call(found)
