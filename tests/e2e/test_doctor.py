"""`manage.py doctor` of a whole site, of one that lacks parts, and behind PgBouncer."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import environment, pgbouncer, postgres
from tests.support.own_server import sites_on
from tests.support.site import Site
from tests.support.waiting import until

SECRET = "a-secret-that-nobody-sees"
FROM_OUTSIDE = {
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "chat.example.org",
    "HTTPS": "true",
    "PARLEY_METRICS_TOKEN": f"metrics-{SECRET}",
    # Nobody is there.
    "EMAIL_URL": f"smtp://ann:mail-{SECRET}@127.0.0.1:9/",
}


def doctor(site: Site, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = site.manage("doctor", "--json", *arguments, check=False)
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {each["about"]: each["verdict"] for each in found["findings"]}


def test_a_whole_site() -> None:
    with Site() as site:
        site.manage("housekeeping")

        def signs() -> bool:
            return bool(site.ask("__import__('django').core.cache.cache.get('sign:sweeper')"))

        until(signs, 30, "a sweeper's sign of life")
        code, found = doctor(site)
        there = verdicts(found)
        # Of this machine, and of a throw-away database; all else has to be well.
        for odd in ("User", "Open files", "fsync", "rooms.W001", "rooms.W002", "rooms.W005"):
            there.pop(odd, None)
        there = {name: each for name, each in there.items() if not name.startswith("Disk of")}
        assert {name: each for name, each in there.items() if each != "good"} == {}
        assert {"Python", "Packages", "Database", "Migrations", "Redis", "Eviction", "Bells"} < {
            *there
        }
        assert {"Presence", "Web processes", "Broker", "Sweeper", "Beat", "Mail"} < {*there}
        assert {f"Queue {name}" for name in ("interactive", "default", "bulk")} < {*there}
        assert any(name.startswith("Worker ") for name in there)
        assert code == ["good", "doubtful", "wrong"].index(found["verdict"])
        # Nothing of it is left.
        left = [*site.redis_cli("KEYS", "*doctor*"), *site.redis_cli("KEYS", "*presence:room:0")]
        assert left == []


def test_a_site_that_lacks_almost_everything() -> None:
    with Site(env=FROM_OUTSIDE, parts=()) as site:
        site.redis.kill()
        code, found = doctor(site)
        there = verdicts(found)
        assert code == 2 and found["verdict"] == "wrong"
        assert there["Database"] == "good"
        assert there["Redis"] == there["Workers"] == there["Mail"] == there["broker"] == "wrong"
        assert there["bells"] == "doubtful"
        page = site.manage("doctor", check=False)
        assert page.returncode == 2
        assert "WRONG    Mail" in page.stdout and "→ See EMAIL_URL." in page.stdout
        assert SECRET not in page.stdout + page.stderr


def test_a_database_that_is_empty(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=environment.ROOT,
        env={**environment.clean(), "PARLEY_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    assert done.returncode == 2 and verdicts(found)["Migrations"] == "wrong"
    said = [each["said"] for each in found["findings"]]
    assert not [each for each in said if "could not be looked at" in each]


def test_one_probe_by_name() -> None:
    with Site(parts=()) as site:
        code, found = doctor(site, "--only", "python")
        assert code == 0 and [each["probe"] for each in found["findings"]] == ["python"]
        assert site.manage("doctor", "--only", "nonsense", check=False).returncode == 2


def test_settings_that_do_not_load() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=environment.ROOT,
        env={**environment.clean(), "PORT": "0", "SECRET_KEY": SECRET},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "PORT" in done.stderr and SECRET not in done.stderr


@pytest.mark.postgresql
def test_a_pooler_that_nobody_has_told_of() -> None:
    with (
        postgres.cluster() as server,
        pgbouncer.in_front_of(server, size=3) as url,
        sites_on(server),
        Site(parts=()) as site,
    ):
        only = ("--only", "database", "--only", "database-kind")
        site.env["DATABASE_POOLER"] = "transaction"
        assert verdicts(doctor(site, *only)[1])["Pooler"] == "doubtful"
        head, _, _ = url.rpartition("/")
        site.env["DATABASE_URL"] = f"{head}/{site.database_name}"
        assert verdicts(doctor(site, *only)[1])["Pooler"] == "good"
