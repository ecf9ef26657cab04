"""The REST API under Schemathesis for minutes, with all its phases and checks.

    python -m tests.fuzz                             ten minutes, shared by all callers, on SQLite
    python -m tests.fuzz --seconds 120 --as staff --seed 7
    python -m tests.fuzz --postgresql --as member

It runs against a site of real processes with people, rooms and jobs. `tests/integration/
test_api_schema.py` is the short form of it in the suite. What it finds ends it with 1, and with
the call that shows it.
"""

import argparse
import os
import random
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.support import postgres
from tests.support.environment import ROOT

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

# `tests.support.api_checks` has it in a form that knows what no schema can say.
REPLACED = "positive_data_acceptance"
CALLERS = ("member", "staff", "session", "nobody")
# Of one person, and more than anybody may do in ten minutes.
PATIENT = {
    "PARLEY_MEMBERSHIPS_PER_USER": "100000",
    "PARLEY_JOBS_IN_FLIGHT_PER_USER": "100000",
    "PARLEY_GUESTS_PER_ADDRESS": "2000",
    "PARLEY_CREDENTIAL_FAILURES_PER_SECOND": "100000",
    "PARLEY_CREDENTIAL_FAILURES_BURST": "100000",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="of all callers together")
    parser.add_argument("--as", dest="callers", action="append", choices=CALLERS)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--postgresql", action="store_true", help="on one made for this run")
    chosen, others = parser.parse_known_args()
    with ExitStack() as stack:
        if chosen.postgresql:
            os.environ["TEST_DATABASE_URL"] = stack.enter_context(postgres.cluster())
        return run(chosen.callers or list(CALLERS), chosen.seconds, chosen.seed, others)


def run(callers: list[str], seconds: int, first_seed: int, others: list[str]) -> int:
    import django

    django.setup()
    from tests.support.site import Site

    with Site(env=PATIENT, parts=("web", "worker")) as site:
        furnish(site)
        codes = []
        for number, caller in enumerate(callers):
            share, seed = seconds // len(callers), first_seed + number
            print(f"\n=== {caller}, {share} s, seed {seed}", flush=True)
            headers = headers_of(site, caller)
            command = [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{site.url}/api/v1/openapi.json",
                f"--max-time={share}",
                f"--seed={seed}",
                "--phases=examples,coverage,fuzzing,stateful",
                "--checks=all",
                "--continue-on-failure",
                "--generation-database=none",
                "--warnings=off",
                f"--exclude-checks={','.join(left_out(caller))}",
                *(f"--header={name}:{value}" for name, value in headers.items()),
                *others,
            ]
            # There it leaves its cache.
            hooks = {"SCHEMATHESIS_HOOKS": "tests.support.api_checks", "PYTHONPATH": str(ROOT)}
            env = {**os.environ, **hooks}
            done = subprocess.run(command, env=env, cwd=site.folder, stdin=subprocess.DEVNULL)
            codes.append(done.returncode)
        log = site.log("web") + site.log("worker")
        if "Traceback" in log:
            print("\n=== what went wrong inside\n", log[log.index("Traceback") :][:20_000])
            codes.append(1)
    return int(any(codes))


def furnish(site: Any) -> None:
    """Rooms with something in them, and a job."""
    site.user("staff", staff=True)
    site.room("lobby", "alice", "bob", "member")
    site.room("den", "member", "bob", private=True)
    for name in ("alice", "member"):
        with site.api(site.user(name)) as api:
            for text in ("Hello", "How are *you*?", "Well."):
                api.post("/rooms/lobby/messages", json={"body": text}).raise_for_status()
            job = {"kind": "room.report", "room": "lobby", "params": {"days": 7}}
            api.post("/jobs", json=job).raise_for_status()


def left_out(caller: str) -> list[str]:
    """Of checks. `Authorization: Basic` is a proxy's affair, and the session counts beside it."""
    return [REPLACED, "ignored_auth"] if caller == "session" else [REPLACED]


def headers_of(site: Any, caller: str) -> dict[str, str]:
    # Its client does not take apart what comes compressed.
    headers = {"Accept-Encoding": "identity"}
    if caller in ("member", "staff"):
        headers |= site.user(caller).bearer
    if caller == "session":
        token = "a" * 32
        person = site.user("member")
        headers["Cookie"] = f"{person.cookie_name}={person.session}; csrftoken={token}"
        headers["X-CSRFToken"] = token
    return headers


if __name__ == "__main__":
    sys.exit(main())
