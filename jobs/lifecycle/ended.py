"""Who wants to know that jobs have ended, or wait for parts of theirs, without those who write that
knowing of them. `parts` and `webhooks.outbox` follow."""

from collections.abc import Callable, Iterable

from jobs.models import Job

_followers: list[Callable[[list[Job]], None]] = []


def follow(call: Callable[[list[Job]], None]) -> None:
    """`call` gets the jobs of a transaction that end or begin to wait, within it, as they will be.
    What it raises undoes the transaction."""
    if call not in _followers:
        _followers.append(call)


def tell(jobs: Iterable[Job]) -> None:
    found = list(jobs)
    if found:
        for call in _followers:
            call(found)
