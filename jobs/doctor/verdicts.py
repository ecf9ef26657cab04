"""What facts about jobs mean. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rooms.doctor.findings import Observation, doubtful, good, wrong

# A sweeper gives its sign every `jobs.loops.lane.SIGN_SECONDS`.
SWEEPER_LATE_SECONDS = 60.0
# Beat sends for it once an hour.
BEAT_LATE_SECONDS = 2.5 * 3600
AGE_DOUBTFUL_SECONDS, AGE_WRONG_SECONDS = 60.0, 900.0
DUE_LATE_SECONDS = 60.0
START = "Start a worker: celery -A config worker --without-gossip --without-mingle"


@dataclass(frozen=True)
class WorkerFacts:
    """All processes of one worker together."""

    name: str
    processes: int
    queues: tuple[str, ...]
    versions: tuple[str, ...]


def broker(seconds: float | None) -> Observation:
    """`seconds`: how long a message was under way; None: it did not come back."""
    if seconds is None:
        todo = "Does something else take messages there, or may this user not read its queues?"
        return wrong("Broker", "a message was sent and did not come back", todo)
    return good("Broker", f"a message came back after {seconds * 1000:.0f} ms")


def workers(
    there: Sequence[WorkerFacts],
    queues: Collection[str],
    version: str,
    deaf: Mapping[str, Collection[str]],
) -> Iterator[Observation]:
    """`deaf`: queues by the workers that do not hear them."""
    if not there:
        yield wrong("Workers", "none is here", START)
        return
    for each in there:
        said = f"{each.processes} processes for {', '.join(each.queues)}; version "
        said += ", ".join(each.versions)
        if each.name in deaf:
            said += f"; takes nothing from {', '.join(sorted(deaf[each.name]))}"
            yield wrong(f"Worker {each.name}", said, "It is connected and deaf: start it again.")
        elif set(each.versions) != {version}:
            todo = f"This is {version}: start the worker again with the same."
            yield doubtful(f"Worker {each.name}", said, todo)
        else:
            yield good(f"Worker {each.name}", said)
    if unserved := sorted(set(queues) - {queue for each in there for queue in each.queues}):
        said = f"nobody serves {', '.join(unserved)}"
        yield wrong("Queues", said, f"{START} -Q {','.join(unserved)}")


def queue(
    name: str, waiting: int, paused: int, seconds: float | None, most: float = AGE_WRONG_SECONDS
) -> Observation:
    """`seconds`: how long the oldest job has waited."""
    about, said = f"Queue {name}", f"{waiting} wait"
    if paused:
        said += f", {paused} of them paused"
    if seconds is None:
        return good(about, said if waiting else "nothing waits")
    said += f", the oldest for {seconds:.0f} seconds"
    if paused >= waiting:
        return good(about, said)
    todo = "Start more workers for it, or see what those there are busy with (Jobs in the admin)."
    if seconds > most:
        return wrong(about, said, todo)
    if seconds > AGE_DOUBTFUL_SECONDS:
        return doubtful(about, said, todo)
    return good(about, said)


def sweeper(seconds: float | None, due_late: float | None) -> Observation:
    """`due_late`: for how long the most overdue job has been due."""
    todo = "One runs beside each worker: see the worker's log for why it ends."
    if due_late is not None and due_late > DUE_LATE_SECONDS:
        return wrong("Sweeper", f"a job has been due for {due_late:.0f} seconds", todo)
    if seconds is None:
        return wrong("Sweeper", "none has given a sign of life", todo)
    said = f"the last sign of life was {seconds:.0f} seconds ago"
    if seconds > SWEEPER_LATE_SECONDS:
        return wrong("Sweeper", said, todo)
    return good("Sweeper", said)


def beat(seconds: float | None, workers_live: float | None) -> Observation:
    """`workers_live`: for how long the oldest worker has been there."""
    todo = "Start celery -A config beat, or let cron run manage.py housekeeping once an hour."
    if seconds is None:
        if workers_live is not None and workers_live < BEAT_LATE_SECONDS:
            return good("Beat", "what it sends for once an hour may not be due yet")
        return doubtful("Beat", "what it sends for once an hour was never done", todo)
    said = f"what it sends for was last done {seconds / 60:.0f} minutes ago"
    if seconds > BEAT_LATE_SECONDS:
        return doubtful("Beat", said, todo)
    return good("Beat", said)
