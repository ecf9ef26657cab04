"""Measure the live path with real processes: `make bench`, or `python -m tests.bench`.

Redis, the database and the web server are started for it; the load comes from a process of its
own (`load.py`). Where the system lets us, everything of the server has one core and the load
another. One table: deliveries a second, latency from the sender's write to a member's read, and
the web process's memory. Each row is the median of `--repeat` runs, because machines are shared.

    make bench ARGS="--members 500 --in-flight 1 8 64 --seconds 5 --repeat 3"
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.support import environment, postgres
from tests.support.site import Site

COLUMNS = {
    "in_flight": "in flight",
    "deliveries_per_second": "deliveries/s",
    "messages_per_second": "messages/s",
    "messages_per_frame": "messages/frame",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "memory_mb": "web MB",
}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--members", type=int, default=500, help="of the one room")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    options = parser.parse_args()
    if options.postgres:
        with postgres.cluster() as url:
            os.environ["TEST_DATABASE_URL"] = url
            bench(options)
    else:
        bench(options)


def bench(options: argparse.Namespace) -> None:
    with Site(parts=("web",)) as site:
        tokens = site.folder / "tokens"
        tokens.write_text("\n".join(make_members(site, options.members)))
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if len(cores) >= 2:
            for process in (site.web, site.redis):
                pin(process.pid, cores[0])
        layout = "server on one core, load on another" if len(cores) >= 2 else "cores shared"
        database = "PostgreSQL" if environment.database_url() else "SQLite (WAL)"
        print(f"One room, {options.members} members, {database}, {layout}; every message is")
        print("committed before it is told. Medians of", options.repeat, "runs.\n")
        print("| " + " | ".join(COLUMNS.values()) + " |")
        print("|" + "---|" * len(COLUMNS))
        connects: list[float] = []
        for in_flight in options.in_flight:
            runs = []
            for _ in range(options.repeat):
                run = load(site, tokens, options, in_flight, cores[1] if len(cores) >= 2 else None)
                run["memory_mb"] = round(site.rss("web") / 1e6)
                runs.append(run)
                connects.append(run["connects_per_second"])
            row = {name: median(run[name] for run in runs) for name in COLUMNS}
            print("| " + " | ".join(shown(row[name]) for name in COLUMNS) + " |", flush=True)
        print(f"\nConnecting with a token and subscribing: {median(connects):,.0f}/s.")


def shown(value: float) -> str:
    return f"{value:,.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def make_members(site: Site, count: int) -> list[str]:
    made: list[str] = site.ask(
        "from rooms.log import writing_in_transaction\n"
        "from django.db import transaction\n"
        f"names = [f'member{{n}}' for n in range({count})]\n"
        "User.objects.bulk_create([User(username=name) for name in names])\n"
        "users = list(User.objects.filter(username__in=names))\n"
        "room = actions.create_room(users[0], 'lobby', 'Lobby')\n"
        "with transaction.atomic(), writing_in_transaction([room.pk]) as logs:\n"
        "    for user in users[1:]:\n"
        "        actions.add_member_in_transaction(logs, logs.rooms[room.pk], user)\n"
        "result = [actions.create_token(user, 'bench') for user in users]\n"
    )
    return made


def pin(pid: int, core: int) -> None:
    """All threads of a process to one core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def load(
    site: Site, tokens: Path, options: argparse.Namespace, in_flight: int, core: int | None
) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.load"]
    command += ["--port", str(site.port), "--tokens", str(tokens)]
    command += ["--members", str(options.members), "--in-flight", str(in_flight)]
    command += ["--seconds", str(options.seconds)]
    command += [] if core is None else ["--core", str(core)]
    done = subprocess.run(command, cwd=environment.ROOT, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
