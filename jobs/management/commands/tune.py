"""`manage.py tune`: which workers to run on this machine for the jobs that it has, and why.

It reads the last day's jobs and changes nothing. Run it on the machine that is to run the workers.
"""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs import overview, registry
from jobs.tuning import facts
from jobs.tuning.advice import Advice, advise
from rooms.database import clock

LONGEST_HOURS = 24 * 31


class Command(BaseCommand):
    help = "Advise on workers, their pools and slots, for this machine and its jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=float, default=24, help="of history (24)")
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        hours = options["hours"]
        if not 0 < hours <= LONGEST_HOURS:
            raise CommandError(f"--hours is above 0, and {LONGEST_HOURS} at most")
        now, span = clock.now(), timedelta(hours=hours)
        workers = overview.workers(now)
        machine, kinds = facts.machine(len(workers)), facts.kinds(now, span)
        advice = advise(machine, kinds, registry.QUEUES, span.total_seconds())
        running = running_now(workers)
        if sum(kind.ended for kind in kinds) == facts.MOST_JOBS:
            advice.unknown.append(
                f"Only the last {facts.MOST_JOBS:,} jobs were looked at: averages are too low."
            )
        if options["json"]:
            told = {
                "hours": hours,
                "machine": asdict(machine),
                "kinds": [asdict(kind) for kind in kinds],
                "running": running,
                "workers": [
                    {**asdict(worker), "command": worker.command} for worker in advice.workers
                ],
                "notes": advice.notes,
                "unknown": advice.unknown,
            }
            self.stdout.write(json.dumps(told, indent=2))
            return
        self.stdout.write(
            f"This machine: {machine.cores} cores, {machine.memory_mb:,} MiB, {machine.database}."
            f" Jobs that ended within {hours:g} hours: {sum(kind.ended for kind in kinds):,}."
        )
        self.stdout.write("\n".join(["", "Workers now:", *described(running)]))
        self.stdout.write("\n".join(["", *report(advice)]))


def running_now(workers: list[overview.WorkerNow]) -> list[dict[str, Any]]:
    """Each worker with all its processes."""
    found: dict[str, dict[str, Any]] = {}
    for each in workers:
        row = each.row
        first = {"name": row.name, "pool": row.pool, "slots": 0, "queues": row.queues.split(", ")}
        found.setdefault(row.name, first)["slots"] += row.capacity
    return list(found.values())


def described(running: list[dict[str, Any]]) -> list[str]:
    return [
        f"  {each['name']}: {each['pool']}, {each['slots']} slots, {', '.join(each['queues'])}"
        for each in running
    ] or ["  none"]


def report(advice: Advice) -> list[str]:
    number = len(advice.workers)
    lines = [f"Advice: {number} worker{'s' if number > 1 else ''}"]
    for worker in advice.workers:
        lines += ["", f"  {worker.command}", *(f"    - {reason}" for reason in worker.reasons)]
    return [*lines, "", *(f"{each}" for each in (*advice.notes, *advice.unknown))]
