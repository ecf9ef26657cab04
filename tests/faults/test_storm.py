"""Jobs of all kinds while everything that can fail does, in a random order: each comes to exactly
one end, with exactly one message.

`STORM_JOBS=10000` makes it the long one, and `STORM_SEED` the same one again.
"""

import os
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.support.site import Site
from tests.support.storm import Storm, second_worker
from tests.support.waiting import until

JOBS = int(os.environ.get("STORM_JOBS", "220"))
SEED = int(os.environ.get("STORM_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
BATCH = 20
# What is waited for at the end.
LONGEST_SECONDS = 120 + JOBS / 10
SETTINGS = {
    "PARLEY_JOBS_IN_FLIGHT_PER_USER": "100000",
    "PARLEY_JOBS_QUEUED": "100000",
    "PARLEY_JOB_DRAIN_SECONDS": "1",
    # One that is killed three times is not taken for a killer here.
    "PARLEY_JOB_LOSSES": "100",
    "PARLEY_LOG_EVENTS": "1000000",
}
# How often, which outcome, its params, the end.
WANTED: tuple[tuple[int, str, dict[str, Any], str], ...] = (
    (12, "ok", {}, "succeeded"),
    (2, "slow", {"steps": 3, "seconds": 0.01}, "succeeded"),
    (2, "ok", {"failures": 1}, "succeeded"),
    (1, "steps", {}, "succeeded"),
    (1, "attach", {"value": "x"}, "succeeded"),
    (1, "give_up", {}, "failed"),
    (1, "error", {}, "failed"),
)
pytestmark = pytest.mark.timeout(300 + JOBS)


class Feeder(threading.Thread):
    """Hands jobs over, a batch at a time, and each again until it is known that it was taken."""

    def __init__(self, site: Site, chance: random.Random, may_go_on: "threading.Semaphore") -> None:
        super().__init__(daemon=True)
        self.site, self.chance, self.may_go_on = site, chance, may_go_on
        self.wanted: dict[str, str] = {}
        self.tries = 0
        self.headers = site.user("alice").bearer

    def run(self) -> None:
        kinds = [kind for kind in WANTED for _ in range(kind[0])]
        for _ in range(JOBS // BATCH):
            self.may_go_on.acquire()
            chosen = [self.chance.choice(kinds) for _ in range(BATCH)]
            jobs = [
                {"kind": "test.outcome", "room": "plant", "params": {"outcome": name, **params}}
                for _, name, params, _ in chosen
            ]
            taken = self.handed_over({"mode": "all", "jobs": jobs})
            for outcome, (*_, end) in zip(taken, chosen, strict=True):
                self.wanted[outcome["job"]["id"]] = end

    def handed_over(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        headers = {**self.headers, "Idempotency-Key": f'"{uuid.uuid4()}"'}

        def try_it() -> list[dict[str, Any]] | None:
            self.tries += 1
            with suppress(httpx.HTTPError):
                answer = httpx.post(
                    f"{self.site.url}/api/v1/jobs/batch",
                    json=body,
                    headers=headers,
                    timeout=20,
                    trust_env=False,
                )
                if answer.status_code == 200:
                    return list(answer.json()["outcomes"])
                # What cannot be now is said so; nothing else may be said.
                assert answer.status_code in (409, 429, 500, 503), answer.text
            return None

        taken = until(try_it, LONGEST_SECONDS, "the batch is taken")
        assert taken is not None
        return taken


def test_every_job_comes_to_one_end_whatever_fails() -> None:
    print(f"STORM_SEED={SEED} STORM_JOBS={JOBS}")
    chance = random.Random(SEED)
    random.seed(SEED)
    with Site(env=SETTINGS) as site:
        site.room("plant", "alice")
        second = second_worker(site)
        second.start()
        ended = "Job.objects.filter(state__in=['succeeded', 'failed', 'cancelled']).count()"
        may_go_on = threading.Semaphore(0)
        feeder = Feeder(site, chance, may_go_on)
        storm = Storm(site, second, lambda: int(site.ask(ended)), lambda: len(feeder.wanted))
        feeder.start()
        faults: list[str] = []
        left = JOBS // BATCH
        waiting: list[Callable[[], None]] = []
        while left:
            # Each fault meets some batches that are handed over while it lasts.
            waiting = waiting or chance.sample(storm.faults(), len(storm.faults()))
            batches = min(left, max(1, JOBS // BATCH // 30))
            may_go_on.release(batches)
            left -= batches
            fault = waiting.pop()
            fault()
            faults.append(fault.__name__)
            storm.some_more_are_done()
        feeder.join(LONGEST_SECONDS)
        assert not feeder.is_alive() and len(feeder.wanted) == JOBS // BATCH * BATCH
        until(lambda: storm.progress() >= len(feeder.wanted), LONGEST_SECONDS, "all have ended")
        told = site.ask(ENDS)
        print(f"{len(feeder.wanted)} jobs in, by {feeder.tries} tries; {len(faults)} faults:")
        print(*(f"  {number} × {name}" for name, number in Counter(faults).items()), sep="\n")
        print("ends:", Counter(told["states"].values()), "attempts:", told["attempts"])
        for job, end in feeder.wanted.items():
            if told["states"].get(job) != end:
                print(*site.ask(HISTORY.format(job=job)), *said_of(site, job), sep="\n")
            assert told["states"].get(job) == end
        assert len(told["states"]) == len(feeder.wanted)
        once = dict.fromkeys(feeder.wanted, 1)
        assert told["messages"] == once
        assert told["ends_told"] == once
        assert told["unfinished_attempts"] == 0
        assert told["seqs"] == list(range(told["seqs"][0], told["seqs"][0] + len(told["seqs"])))


def said_of(site: Site, job: str) -> list[str]:
    """What the logs say of it, with the traceback that follows."""
    return [
        part[:4_000]
        for name in ("worker", "worker2")
        for part in site.log(name).split(f"job {job}")[1:]
    ]


HISTORY = """
from jobs.models import Attempt, Job
job = Job.objects.get(pk="{job}")
rows = Attempt.objects.filter(job=job).order_by("number")
result = [job.params, job.max_attempts, job.losses, *map(str, rows.values_list(
    "number", "outcome", "worker", "started_at", "ended_at", "error_class", "message"
))]
"""
ENDS = """
from collections import Counter
from jobs.models import Attempt, Job
final = ("succeeded", "failed", "cancelled")
told = Counter()
seqs = []
for seq, type, encoded in Event.objects.filter(room__slug="plant").order_by("seq").values_list(
    "seq", "type", "encoded"
):
    seqs.append(seq)
    if type == "job.changed":
        import json
        job = json.loads(encoded)["job"]
        if job["state"] in final:
            told[job["id"]] += 1
attempts = Attempt.objects.order_by().values_list("outcome", flat=True)
result = {
    "states": {str(pk): state for pk, state in Job.objects.values_list("pk", "state")},
    "messages": dict(Counter(
        str(job) for job in Message.objects.exclude(subject=None).values_list("subject", flat=True)
    )),
    "ends_told": told,
    "attempts": dict(Counter(attempts)),
    "unfinished_attempts": Attempt.objects.filter(ended_at=None).count(),
    "seqs": seqs,
}
"""
