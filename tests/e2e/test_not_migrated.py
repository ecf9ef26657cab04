"""A version that starts before its migrations: nobody is sent to it, and it says why."""

import httpx
import pytest

from tests.support import environment
from tests.support.site import Site
from tests.support.waiting import SCALE, until

pytestmark = pytest.mark.once


def test_a_version_waits_for_its_migrations() -> None:
    assert not environment.database_url()
    with Site(parts=()) as site:
        (site.folder / "db.sqlite3").unlink()

        def readiness() -> httpx.Response | None:
            try:
                return httpx.get(f"{site.url}/readyz", timeout=5 * SCALE, trust_env=False)
            except httpx.TransportError:
                return None

        for part in (site.worker, site.beat, site.web):
            part.launch()
        for part in (site.worker, site.beat):
            assert part.popen is not None
            assert part.popen.wait(60 * SCALE) == 1
            assert "migrations are pending: contenttypes.0001_initial" in part.log()
        answer = until(readiness, 60, "the server listens")
        assert answer is not None
        assert answer.status_code == 503
        assert "migrations are pending" in answer.json()["checks"]["database"]
        site.manage("migrate", "--verbosity=0")
        until(lambda: (found := readiness()) and found.status_code == 200, what="it is ready")
        site.worker.start()
