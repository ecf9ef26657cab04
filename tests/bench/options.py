"""What `make bench` can be asked. Every section gets the same `Options`."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from tests.support.environment import ROOT


@dataclass(frozen=True)
class Options:
    """`seconds` is the measured time of one run, `repeat` how many runs a median is of, `minutes`
    the length of what goes on for long, where 0 is its own choice. A section with sizes of its own
    divides them under `quick`, which is for seeing that everything works."""

    only: tuple[str, ...] = ()
    members: int = 500
    in_flight: tuple[int, ...] = (1, 8, 64)
    seconds: float = 3.0
    repeat: int = 3
    minutes: float = 0
    quick: bool = False
    postgres: bool = False
    million: bool = False
    peers: tuple[str, ...] | None = None
    into: Path = ROOT / "docs"


def parse(arguments: list[str], description: str) -> Options:
    default = Options()
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=description)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", nargs="+", default=[], metavar="SECTION")
    parser.add_argument("--members", type=positive, help="of the one busy room")
    parser.add_argument("--in-flight", type=positive, nargs="+", metavar="W")
    parser.add_argument("--seconds", type=float, help="of each run")
    parser.add_argument("--repeat", type=positive, help="runs that a median is of")
    parser.add_argument("--minutes", type=float, help="of the hostile hour: 60 is the whole of it")
    parser.add_argument("--quick", action="store_true", help="short runs, into .cache/bench")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL beside SQLite")
    parser.add_argument(
        "--million", action="store_true", help="jobs beside a million that have ended, for minutes"
    )
    parser.add_argument("--peers", nargs="*", metavar="NAME", help="these only; none: ours alone")
    parser.add_argument("--into", type=Path, help="folder of the report; docs when not given")
    said = parser.parse_args(arguments)
    quick: bool = said.quick
    return Options(
        only=tuple(said.only),
        members=said.members or (100 if quick else default.members),
        in_flight=tuple(said.in_flight or default.in_flight),
        seconds=said.seconds or (0.7 if quick else default.seconds),
        repeat=said.repeat or (1 if quick else default.repeat),
        minutes=said.minutes or default.minutes,
        quick=quick,
        postgres=said.postgres,
        million=said.million,
        peers=None if said.peers is None else tuple(said.peers),
        into=said.into or (ROOT / ".cache" / "bench" if quick else default.into),
    )


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return number
