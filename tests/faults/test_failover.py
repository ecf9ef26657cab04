"""A failover of Redis behind a TCP switch: workers take jobs again, whatever became of the
connections that they had."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.support.environment import ROOT
from tests.support.site import CELERY, Site
from tests.support.switch import Switch
from tests.support.waiting import until

# Nothing of it is about the database.
pytestmark = pytest.mark.once

# Longer than any time limit of the worker's own.
WITHIN_SECONDS = 90

Failover = Callable[[Site, Switch, Path], None]


@pytest.fixture
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a second Redis."""
    folder = tmp_path_factory.mktemp("r")
    path = folder / "s"
    with Site(parts=()) as running:
        program = running.redis.command[0]
        command = [program, "--port", "0", "--unixsocket", str(path), "--save", ""]
        process = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
        try:
            until(path.exists, what="the second Redis listens")
            yield path
        finally:
            process.kill()
            process.wait()


def standing_still(site: Site, switch: Switch, second: Path) -> None:
    """The first stands still without closing anything; new connections lead to the second."""
    switch.to(second)
    site.redis.popen.send_signal(signal.SIGSTOP)  # type: ignore[union-attr]


def held(site: Site, switch: Switch, second: Path) -> None:
    """The first dies. The switch accepts until there is another one, and says nothing; who came
    meanwhile is never told."""
    before = switch.accepted
    switch.hold()
    site.redis.kill()
    switch.cut()
    # The worker's one for messages, and its subscription.
    until(lambda: switch.accepted >= before + 3, what="they connect again")
    switch.to(second)


@pytest.mark.parametrize("pool", ["prefork", "threads"])
@pytest.mark.parametrize("failover", [standing_still, held])
def test_a_worker_takes_jobs_again(failover: Failover, pool: str, promoted: Path) -> None:
    site = Site(parts=("web", "worker"))
    site.worker.command.append(f"--pool={pool}")
    with Switch(site.folder / "redis" / "redis.sock") as switch:
        site.env["REDIS_URL"] = switch.url
        with site:
            site.user("alice")
            assert ended(site, [submit(site)])
            failover(site, switch, promoted)
            late = [submit(site) for _ in range(3)]
            assert ended(site, late)
            # And remote control, which is what was waited for in vain.
            with redis.Redis(unix_socket_path=str(promoted)) as client:
                until(lambda: client.pubsub_numpat() > 0, WITHIN_SECONDS, "it is subscribed again")


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_worker_whose_loop_stands_still_ends_itself(pool: str) -> None:
    site = Site(parts=("web", "worker"), env={"PARLEY_WORKER_LOOP_SECONDS": "3"})
    site.worker.command.append(f"--pool={pool}")
    with site:
        assert ended(site, [submit(site)])
        assert "pong" in inspect(site, "ping")
        running = submit(site, outcome="hang")
        until(lambda: state(site, running) == "running", what="a job runs")
        site.ask("import config.celery\nconfig.celery.app.control.broadcast('test_block')")
        assert site.worker.popen is not None
        assert site.worker.popen.wait(60) == 1
        log = site.log("worker")
        assert "The worker ends itself: its loop has not turned" in log
        assert "in block" in log, "and where it stands"
        site.worker.start()
        late = submit(site)
        assert ended(site, [late])
        until(lambda: state(site, running) == "running", WITHIN_SECONDS, "begun again")


def inspect(site: Site, command: str) -> str:
    """What `celery inspect` says."""
    answer = subprocess.run(
        [*CELERY, "inspect", command], env=site.env, cwd=ROOT, capture_output=True, text=True
    )
    return answer.stdout + answer.stderr


def state(site: Site, job: str) -> str:
    with site.api(site.user("alice")) as api:
        return str(api.get(f"/jobs/{job}").json()["state"])


def submit(site: Site, kind: str = "test.outcome", **params: str) -> str:
    with site.api(site.user("alice")) as api:
        answer = api.post("/jobs", json={"kind": kind, "params": params})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ended(site: Site, ids: list[str]) -> bool:
    def all_have() -> bool:
        return {state(site, each) for each in ids} == {"succeeded"}

    return until(all_have, WITHIN_SECONDS, "the jobs are done")
