"""Measure with real processes, and write docs/benchmarks.md: `make bench`.

Redis, database, web server and peers are started for it; the load comes from processes of its own.
Each section can be measured alone; the rest of the report then stays as it was.

    make bench ARGS="--only throughput --in-flight 1 8 64 --seconds 3 --repeat 3"
    make bench ARGS="--quick"                 a short run of everything, into .cache/bench
    make bench ARGS="--only throughput --peers"             ours alone
"""

import os
import signal
import sys
from importlib import import_module

from tests.support import provision

from . import layout, report
from .options import Options, parse
from .scenarios import SCENARIOS

MODULES = {"throughput": "throughput", **{name: f"scenarios.{name}" for name in SCENARIOS}}
ORDER = [*MODULES, "soak"]


def main(arguments: list[str]) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    # Which database is the options' business.
    os.environ.pop("TEST_DATABASE_URL", None)
    options = parse(arguments, __doc__ or "")
    if unknown := set(options.only) - set(MODULES):
        print(f"No section {', '.join(sorted(unknown))}; there are: {', '.join(MODULES)}.")
        return 2
    if options.postgres:
        try:
            provision.require_postgres()
        except provision.Missing as missing:
            print(missing, file=sys.stderr)
            return 1
    layout.allow_many_files()
    failed = [name for name in MODULES if wanted(name, options) and not measure(name, options)]
    print(f"\n{options.into / 'benchmarks.md'}")
    if failed:
        print(f"Could not be measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def wanted(name: str, options: Options) -> bool:
    return not options.only or name in options.only


def measure(name: str, options: Options) -> bool:
    """One section, into the report. What goes wrong in one does not keep the others from it."""
    print(f"\n=== {name}", flush=True)
    try:
        section = import_module(f"tests.bench.{MODULES[name]}").run(options)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return False
    report.write(options.into, name, section, layout.machine(), ORDER)
    for table in section.tables:
        print(f"\n{table.caption}")
        print("\n".join(report.markdown(table.columns, table.rows)))
    print()
    for target in section.targets:
        print(f"{target.what}: {target.wanted}: {target.measured}: {report.verdict(target)}")
    return True


def stop(number: int, _frame: object) -> None:
    """Unwinds, so that what was started is ended."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
