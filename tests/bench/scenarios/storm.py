"""A restart: thousands are sent away, miss something, and all come back together.

They stood at different places in their rooms' logs: some had lost the connection before, some were
there until the end. What they missed was written while the server was away.
"""

import time
from typing import Any

from tests.bench import layout
from tests.bench.driver import LoadFailed
from tests.bench.options import Options
from tests.bench.report import Plot, Section, Table, Target
from tests.support.site import Site

from .loader import Loader
from .people import settle
from .server import counted, serving

ROOMS = 20
# So often one message a room and then a tenth of the people leaving, before the restart.
LEAVING = 5
WANTED_SECONDS, WANTED_READS = 10.0, 3.0


def run(options: Options) -> Section:
    people, missed = (200, 40) if options.quick else (2_000, 200)
    members = {f"room-{each}": list(range(each, people, ROOMS)) for each in range(ROOMS)}
    with serving() as site:
        headers = settle(site, members)
        rooms = {slug: [headers[number] for number in them] for slug, them in members.items()}
        with Loader("tests.bench.scenarios.returning", {"port": site.port}) as load:
            load.ask("settle", rooms=rooms)
            for _ in range(LEAVING):
                load.ask("heard", heads=write(site, 1))
                load.ask("leave", share=0.1)
            told = time.perf_counter()
            site.web.terminate(timeout=40)
            gone = time.perf_counter()
            load.ask("return_from_now")
            heads = write(site, missed // ROOMS)
            with layout.on(layout.SERVER):
                site.web.start()
            found = load.ask("caught_up", heads=heads)
            reads = counted(site, "parley_log_reads_total")
    if found["wrong"] or found["refused"]:
        raise LoadFailed(f"missing or doubled: {found['wrong']}, refused: {found['refused']}")
    back = [moment - found["first"] for moment in found["at"]]
    return section(people, missed, (told, gone, found["first"]), back, found["took"], reads)


def write(site: Site, each: int) -> dict[str, int]:
    """So many messages into every room, from outside the web server; the rooms' heads."""
    heads: dict[str, int] = site.ask(
        "from rooms.features.messages.actions import Post\n"
        "author = User.objects.get(username='member0')\n"
        "slugs = list(Room.objects.values_list('slug', flat=True))\n"
        f"posts = [Post(author, slug, f'missed {{n}}') for n in range({each}) for slug in slugs]\n"
        "actions.post_messages(posts)\n"
        "result = dict(Room.objects.values_list('slug', 'last_seq'))\n"
    )
    return heads


def section(
    people: int,
    missed: int,
    moments: tuple[float, float, float],
    back: list[float],
    took: list[float],
    reads: float | None,
) -> Section:
    told, gone, first = moments
    rows: list[list[Any]] = [
        ["the old server gone, after SIGTERM", gone - told],
        ["the new one greets the first, after that", first - gone],
        ["half of the people caught up, after that", back[len(back) // 2]],
        ["99 in 100", back[int(0.99 * (len(back) - 1))]],
        ["all", back[-1]],
        ["of one: from its first packet until caught up, half of them", took[len(took) // 2]],
        ["99 in 100", took[int(0.99 * (len(took) - 1))]],
    ]
    counts = Target(
        what="reads of the log by the new server",
        wanted=f"≤ {WANTED_READS:g} a room",
        measured="not told" if reads is None else f"{reads / ROOMS:.1f} a room",
        met=None if reads is None else reads <= WANTED_READS * ROOMS,
        why="" if reads is not None else "the server has no such metric",
    )
    points = [(moment, 100 * (index + 1) / people) for index, moment in enumerate(back)]
    return Section(
        title="A restart",
        text=(
            f"{people:,} people in {ROOMS} rooms; half of them lose the connection one after the "
            f"other while messages come; then SIGTERM, {missed} messages written meanwhile by "
            "another process, and a new server. Everybody comes back as the browser does: after a "
            "`bye` when it says, else at a random time within a bound that doubles from half a "
            "second to twenty. Nobody may miss a message or hear one twice."
        ),
        tables=[Table(["", "seconds"], rows)],
        targets=[
            Target(
                what="everybody back and caught up, after the new server greets the first",
                wanted=f"≤ {WANTED_SECONDS:g} s",
                measured=f"{back[-1]:.1f} s",
                met=back[-1] <= WANTED_SECONDS,
            ),
            counts,
        ],
        plots=[
            Plot(
                name="storm",
                title="Caught up after a restart",
                x_label="seconds after the new server greets the first",
                y_label="% of the people",
                series={"caught up": points[:: max(1, people // 100)]},
            )
        ],
    )
