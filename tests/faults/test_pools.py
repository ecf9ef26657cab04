"""What the pools of a worker can give, on real processes."""

from tests.faults.test_failover import ended, state, submit
from tests.support.site import Site
from tests.support.waiting import until


def test_who_needs_a_process_waits_for_a_worker_that_has_one() -> None:
    site = Site(parts=("web", "worker"))
    command = list(site.worker.command)
    site.worker.command.append("--pool=threads")
    with site:
        assert "are left for a worker of the pool prefork" in site.log("worker")
        waiting = submit(site, kind="test.process")
        assert ended(site, [submit(site), submit(site, kind="test.coroutine")])
        assert state(site, waiting) == "queued"
        site.worker.kill()
        site.worker.command[:] = command
        site.worker.start()
        assert ended(site, [waiting, submit(site), submit(site, kind="test.coroutine")])


def test_a_coroutine_is_cancelled_at_once_on_threads() -> None:
    site = Site(parts=("web", "worker"), env={"PARLEY_JOB_CANCEL_GRACE_SECONDS": "3600"})
    site.worker.command.append("--pool=threads")
    with site:
        job = submit(site, kind="test.coroutine", outcome="hang")
        until(lambda: state(site, job) == "running", what="it runs")
        with site.api(site.user("alice")) as api:
            assert api.post(f"/jobs/{job}/cancel").status_code == 200
        until(lambda: state(site, job) == "cancelled", what="it is cancelled")
