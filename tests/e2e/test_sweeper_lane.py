"""A plain worker with a sweeper beside it: what is due comes up while all of its slots are busy."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from tests.support.client import SocketClient
from tests.support.site import Site
from tests.support.waiting import until

PARTS = ("web", "worker")
SLOTS = 2


@pytest.fixture(scope="module", autouse=True)
def workshop(site: Site) -> str:
    return site.room("workshop", "alice")


def submit(site: Site, outcome: str, **more: Any) -> str:
    async def run() -> str:
        async with SocketClient(site.socket_url, site.user("alice").bearer) as client:
            answer = await client.call(
                "job.submit",
                room="workshop",
                kind="test.outcome",
                params={"outcome": outcome},
                client_id=str(uuid.uuid4()),
                **more,
            )
            return str(answer["job"]["id"])

    return asyncio.run(run())


def state(site: Site, job: str) -> str:
    return str(site.ask(f"Job.objects.get(pk={job!r}).state"))


def test_a_retry_does_not_wait_for_busy_workers(site: Site) -> None:
    slots = [submit(site, "hang") for _ in range(SLOTS)]
    until(lambda: {state(site, job) for job in slots} == {"running"}, what="every slot is busy")
    due = submit(site, "ok", run_at=datetime.now(UTC).isoformat())
    site.ask(
        "from datetime import timedelta; from django.utils import timezone\n"
        f"Job.objects.filter(pk={due!r}).update(state='retrying', due_at=timezone.now())"
    )
    until(lambda: state(site, due) == "queued", what="the sweeper has brought it up")
    assert {state(site, job) for job in slots} == {"running"}


def command_line(process: psutil.Process) -> list[str]:
    """Empty when it has ended, or ends at this moment."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def test_the_sweeper_is_started_again_when_it_dies(site: Site) -> None:
    def sweepers() -> list[psutil.Process]:
        tree = psutil.Process(site.worker.pid).children(recursive=True)
        return [each for each in tree if "sweep" in command_line(each)]

    (first,) = until(sweepers, what="a sweeper")
    first.kill()
    until(lambda: [each.pid for each in sweepers()] not in ([], [first.pid]), what="another")
