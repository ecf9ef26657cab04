"""Two hundred people talk, and two addresses do to the server whatever can be done. The people
should hardly notice.

Phases of equal length take turns, calm and hostile, on one server: what is judged is the ratio.
Everything is as an installation has it by default.
"""

import http.client
import threading
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from tests.bench import layout
from tests.bench.options import Options
from tests.bench.report import Plot, Section, Table, Target
from tests.support.site import BRISK, Site

from .loader import Loader
from .members import quantile
from .people import settle
from .server import serving

ROOMS, PEOPLE = 20, 200
RATE = 200.0
# The attackers have what the people leave of their core.
NICE = 19
ADDRESSES = ("127.66.0.1", "127.66.0.2")
# Of each address, and in how many of the rooms these are.
ACCOUNTS, THEIR_ROOMS = 3, 4
PHASE_SECONDS, SHORTEST_PHASES, LONGEST_PHASE_SECONDS = 45.0, 4, 300.0
# Until what an attack has left behind is gone.
REST_SECONDS = 5.0
WANTED_RATIO, WANTED_GROWTH, WANTED_MOST = 2.0, 20e6, 150e6


@dataclass(frozen=True)
class Phase:
    """Latencies in ms, memory in MB; `cpu` as a share of one core."""

    hostile: bool
    p50: float
    p99: float
    worst: float
    ack_p50: float
    ack_p99: float
    health_p50: float
    health_p99: float
    cpu: float
    memory: float
    memory_most: float
    files_most: int
    said: int
    unanswered: int
    refused: dict[str, int]
    thrown_out: dict[str, int]


def run(options: Options) -> Section:
    minutes = options.minutes or (0.4 if options.quick else SHORTEST_PHASES * PHASE_SECONDS / 60)
    pairs = max(2, round(minutes * 60 / LONGEST_PHASE_SECONDS / 2))
    seconds = minutes * 60 / pairs / 2
    phases, done, wrong, settled = measure(pairs, seconds)
    return section(pairs, seconds, phases, done, wrong, settled)


def defaults() -> dict[str, str]:
    """An installation's own, not the ones that tests are impatient with."""
    return dict.fromkeys(BRISK, "")


def measure(
    pairs: int, seconds: float, share: float = 1.0, only: tuple[str, ...] = (), rate: float = RATE
) -> tuple[list[Phase], dict[str, int], list[str], float]:
    rooms = {f"room-{each}": list(range(each, PEOPLE, ROOMS)) for each in range(ROOMS)}
    phases: list[Phase] = []
    with serving(defaults(), parts=("web", "worker")) as site:
        people = settle(site, rooms)
        targets = accounts(site, list(rooms)[:THEIR_ROOMS])
        plan = {"port": site.port, "targets": targets, "share": share, "only": only}
        with (
            Loader("tests.bench.scenarios.steady", {"port": site.port}) as crowd,
            Loader("tests.bench.scenarios.attackers", plan, nice=NICE) as gang,
        ):
            them = {slug: [people[number] for number in who] for slug, who in rooms.items()}
            crowd.ask("settle", rooms=them)
            # What is loaded or filled at first is not what it costs.
            crowd.ask("talk", seconds=min(3.0, seconds), rate=rate)
            settled = site.rss("web") / 1e6
            done: dict[str, int] = {}
            for _ in range(pairs):
                phases.append(phase(site, crowd, seconds, rate, hostile=False))
                gang.ask("attack")
                phases.append(phase(site, crowd, seconds, rate, hostile=True))
                done = gang.ask("stop")["done"]
                crowd.ask("rest", seconds=min(REST_SECONDS, seconds))
                print(f"    {phases[-2]}\n    {phases[-1]}", flush=True)
            wrong = crowd.ask("complete", heads=heads(site))["wrong"]
    return phases, done, wrong, settled


def accounts(site: Site, rooms: list[str]) -> list[dict[str, Any]]:
    """People of the attackers' own, members of these rooms and logged in both ways."""
    names = [f"mallory{number}" for number in range(ACCOUNTS * len(ADDRESSES))]
    made: dict[str, dict[str, str]] = site.ask(
        "from tests.bench.scenarios.people import sessions, tokens\n"
        "from rooms.models import Membership\n"
        f"User.objects.bulk_create([User(username=n, password='!' + n) for n in {names!r}])\n"
        f"people = {{u.pk: u for u in User.objects.filter(username__in={names!r})}}\n"
        "Membership.objects.bulk_create(\n"
        "    [Membership(room=room, user=u) for u in people.values()"
        f" for room in Room.objects.filter(slug__in={rooms!r})])\n"
        "ways = tokens(people), sessions(people)\n"
        "result = {pk: {**ways[0][pk], **ways[1][pk]} for pk in people}\n"
    )
    each = iter(made.values())
    return [
        {"source": source, "accounts": [next(each) for _ in range(ACCOUNTS)], "rooms": rooms}
        for source in ADDRESSES
    ]


def heads(site: Site) -> dict[str, int]:
    found: dict[str, int] = site.ask(
        "dict(Room.objects.filter(slug__startswith='room-').values_list('slug', 'last_seq'))"
    )
    return found


def phase(site: Site, crowd: Loader, seconds: float, rate: float, hostile: bool) -> Phase:
    serves = [site.redis.pid, site.web.pid]
    before, began = layout.cpu_seconds(serves), time.perf_counter()
    with Watch(site) as watch:
        found = crowd.ask("talk", seconds=seconds, rate=rate)
    spent = layout.cpu_seconds(serves) - before
    return Phase(
        hostile=hostile,
        p50=found["p50_ms"],
        p99=found["p99_ms"],
        worst=found["worst_ms"],
        ack_p50=found["ack_p50_ms"],
        ack_p99=found["ack_p99_ms"],
        health_p50=quantile(watch.health, 0.5),
        health_p99=quantile(watch.health, 0.99),
        cpu=spent / (time.perf_counter() - began),
        memory=site.rss("web") / 1e6,
        memory_most=watch.memory / 1e6,
        files_most=watch.files,
        said=found["said"],
        unanswered=found["unanswered"],
        refused=found["refused"],
        thrown_out=found["thrown_out"],
    )


class Watch:
    """Looks at the web process, from outside and as a probe does, while this is entered."""

    every = 0.25

    def __init__(self, site: Site) -> None:
        self.health: list[float] = []
        self.memory = 0.0
        self.files = 0
        self._site = site
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._look, self._ask)]

    def __enter__(self) -> "Watch":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _look(self) -> None:
        while not self._over.wait(self.every):
            self.memory = max(self.memory, self._site.rss("web"))
            open_files = [each.num_fds() for each in self._site.web.tree()]
            self.files = max(self.files, *open_files)

    def _ask(self) -> None:
        while not self._over.wait(self.every):
            began = time.perf_counter()
            link = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=30)
            try:
                link.request("GET", "/healthz")
                good = link.getresponse().status == 200
            except OSError:
                good = False
            finally:
                link.close()
            self.health.append((time.perf_counter() - began) * 1e3 if good else 30e3)


def section(
    pairs: int,
    seconds: float,
    phases: list[Phase],
    done: dict[str, int],
    wrong: list[str],
    settled: float,
) -> Section:
    calm = [each for each in phases if not each.hostile]
    hostile = [each for each in phases if each.hostile]
    ratio = median(each.p99 for each in hostile) / median(each.p99 for each in calm)
    growth = hostile[-1].memory - hostile[0].memory
    most = max(each.memory_most for each in hostile) - settled
    thrown_out = sum(sum(each.thrown_out.values()) for each in phases)
    lost = len(wrong) + sum(each.unanswered + sum(each.refused.values()) for each in phases)
    rows: list[list[Any]] = [
        [
            "hostile" if each.hostile else "calm",
            each.p50,
            each.p99,
            each.worst,
            each.ack_p99,
            each.health_p50,
            each.health_p99,
            f"{each.cpu:.0%}",
            each.memory_most,
            each.files_most,
        ]
        for each in phases
    ]
    columns = ["", "p50 ms", "p99 ms", "worst ms", "answered p99 ms", "/healthz p50 ms"]
    columns += ["/healthz p99 ms", "of a core", "MB", "open files"]
    return Section(
        title="A hostile hour",
        text=(
            f"{PEOPLE} people in {ROOMS} rooms say {RATE:g} messages a second, from addresses of "
            f"their own. In every other phase of {seconds:.0f} s two more addresses, with "
            f"{ACCOUNTS} accounts each in {THEIR_ROOMS} of these rooms, do at once what "
            "`tests/bench/scenarios/attacks.py` lists: "
            "bodies without end, half requests and handshakes, wrong tokens and passwords, "
            "requests of every kind as fast as they are answered, frames that are no messages, "
            "texts that make parsers work, readers who read nothing, jobs with odd params. Limits "
            "are the default ones. Latencies are from before a message is sent until another "
            "member, or its sender's answer, has come."
        ),
        tables=[Table(columns, rows, f"{pairs} times each, in this order")],
        targets=[
            Target(
                what="p99 of the people while they are attacked, to without",
                wanted=f"≤ {WANTED_RATIO:g} ×",
                measured=f"{ratio:.2f} ×",
                met=ratio <= WANTED_RATIO,
            ),
            Target(
                what="people thrown out",
                wanted="0",
                measured=f"{thrown_out:,}",
                met=thrown_out == 0,
            ),
            Target(
                what="messages lost, refused or not answered",
                wanted="0",
                measured=f"{lost:,}",
                met=lost == 0,
            ),
            Target(
                what="memory from the first attack to the last",
                wanted=f"≤ {WANTED_GROWTH / 1e6:g} MB more",
                measured=f"{growth:+.1f} MB",
                met=growth <= WANTED_GROWTH / 1e6,
            ),
            Target(
                what="memory of the web process under attack, beyond what it had before",
                wanted=f"≤ {WANTED_MOST / 1e6:g} MB",
                measured=f"{most:.1f} MB",
                met=most <= WANTED_MOST / 1e6,
            ),
        ],
        plots=[
            Plot(
                name="hostile",
                title="99 of 100 deliveries are faster than, calm and attacked",
                x_label="round",
                y_label="ms",
                series={
                    "calm": [(n + 1, each.p99) for n, each in enumerate(calm)],
                    "attacked": [(n + 1, each.p99) for n, each in enumerate(hostile)],
                },
            )
        ],
        raw={"phases": [asdict(each) for each in phases], "done": done, "wrong": wrong},
    )
