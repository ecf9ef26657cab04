"""The bench itself: what it counts is what happened."""

from contextlib import AbstractContextManager

import pytest

from tests.bench import throughput
from tests.bench.contenders import OURS, Contender, Running, chosen
from tests.bench.options import Options
from tests.bench.ours import running

# Not about the database.
pytestmark = pytest.mark.once
OPTIONS = Options(members=5, in_flight=(1, 4), seconds=0.5, repeat=1, peers=())


def test_of_ours_each_message_is_counted_at_each_member() -> None:
    with running(OPTIONS.members) as parley:
        server = Running(parley.port, parley.pids, parley.tokens)
        runs = throughput.measured(OURS, server, OPTIONS)
        written = parley.site.ask("Message.objects.count()")
    assert [run.in_flight for run in runs] == [1, 4]
    assert sum(run.sent for run in runs) == written * OPTIONS.members > 0
    for run in runs:
        assert run.missing == run.refused == 0
        assert 0 < run.deliveries <= run.sent
        assert run.deliveries_per_second == pytest.approx(run.deliveries / run.seconds, rel=0.01)
        assert run.p50_ms is not None and run.p99_ms is not None
        assert 0 < run.p50_ms <= run.p99_ms
        assert run.server_mb > 20 and run.server_cpu_seconds > 0


def test_a_refused_message_is_no_delivery() -> None:
    slow = {"PARLEY_COMMANDS_PER_SECOND": "1", "PARLEY_COMMANDS_BURST": "2"}
    with running(OPTIONS.members, slow) as parley:
        server = Running(parley.port, parley.pids, parley.tokens)
        runs = throughput.measured(OURS, server, Options(members=5, in_flight=(16,), seconds=0.5))
    assert runs[0].refused > 0 and runs[0].missing > 0
    good, why = throughput.judged(True, runs)
    assert good is None and why


def test_peers_are_counted_in_the_same_way() -> None:
    wanted = ("channels-core", "websockets-asyncio")
    peers = [each for each in chosen(Options(peers=wanted)) if each != OURS]
    assert [peer.name for peer in peers] == list(wanted)
    for peer in peers:
        with peer.start(OPTIONS) as server:
            runs = throughput.measured(peer, server, OPTIONS)
        assert [run.missing for run in runs] == [0, 0]
        assert all(run.sent > 0 and run.server_cpu_seconds >= 0 for run in runs)


def test_what_is_missing_or_fails_is_named_in_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_options: Options) -> AbstractContextManager[Running]:
        raise AssertionError("it did not start")

    broken = Contender("broken", "Broken", "plain", start)
    absent = Contender("absent", "Absent", "plain", start, missing=lambda: "a program")
    monkeypatch.setattr(throughput, "chosen", lambda options: [broken, absent])
    section = throughput.run(OPTIONS)
    notes = {row[0]: row[-1] for row in section.tables[-1].rows}
    assert notes == {"Broken": "failed: it did not start", "Absent": "missing here: a program"}
    assert {target.met for target in section.targets} == {None}
