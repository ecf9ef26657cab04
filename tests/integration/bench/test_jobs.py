"""What measures jobs, against real servers and workers: what is counted is what happened."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.bench.jobs import answering, million, rounds, sleeping, storming
from tests.bench.jobs.celery_sides import BareCelery
from tests.bench.jobs.parley import Parley
from tests.bench.jobs.sides import PREFORK, THREADS, Side
from tests.bench.options import Options
from tests.bench.scenarios import jobs

# Not about the database.
pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def parley() -> Iterator[Parley]:
    with ExitStack() as until_the_end:
        yield Parley(until_the_end)


@pytest.fixture(scope="module")
def bare() -> Iterator[BareCelery]:
    with ExitStack() as until_the_end:
        yield BareCelery(until_the_end)


def rounded(side: Side) -> rounds.Runs:
    """A round leaves nothing behind."""
    runs: rounds.Runs = {}
    rounds.one_round(side, 100, runs)
    assert side.ends() == []
    assert set(runs) == {*side.ways, PREFORK.name, THREADS.name}
    assert all(value > 0 for values in runs.values() for value in values)
    return runs


def test_the_same_is_measured_of_ours_and_of_bare_celery(parley: Parley, bare: BareCelery) -> None:
    runs = {parley.title: rounded(parley), bare.title: rounded(bare)}
    found = rounds.targets({title: rounds.medians(each) for title, each in runs.items()})
    judged = {target.what: target.met for target in found if "results" not in target.wanted}
    assert len(judged) == 4 or set(judged.values()) <= {True, False}
    assert [target.met for target in found if "django-celery-results" in target.wanted] == [None]


def test_those_that_sleep_are_all_awake_at_the_end(parley: Parley, bare: BareCelery) -> None:
    for side in (parley, bare):
        found = sleeping.sleep(side, 100, 0.2)
        assert found["seconds"] >= 0.2
        assert found["megabytes"] >= 0
        assert side.ends() == []


def test_an_end_is_seen_in_the_room(parley: Parley) -> None:
    found = answering.answered(parley, 3)
    assert len(found["all_ms"]) == 3
    assert 0 < found["p50_ms"] <= found["p99_ms"]


def test_of_a_storm_every_request_is_accounted_for(parley: Parley) -> None:
    found = storming.stormed(parley, 60)
    target = storming.target(parley.title, 60, found)
    assert target.met, target
    assert storming.target(parley.title, 61, found).met is False
    # None of them may have been done twice.
    assert found["rows"] == found["different"] == 60


def test_a_long_history_is_one_that_pages_can_show(parley: Parley) -> None:
    million.fill(parley, 500)
    states, attempts = parley.site.ask(
        "from jobs.models import Attempt, Job\n"
        "states = sorted(set(Job.objects.values_list('state', flat=True)))\n"
        "result = [states, Attempt.objects.count() - Job.objects.count()]\n"
    )
    assert states == ["cancelled", "failed", "succeeded"] and attempts == 0
    assert parley.site.ask("Job.objects.count()") == 501
    assert set(million.looks(parley)) == set(million.PAGES)


def test_peers_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent(BareCelery):
        packages = ("no_such_package",)

    monkeypatch.setattr(jobs, "PEERS", {"absent": Absent})
    with ExitStack() as until_the_end:
        assert jobs.peers(Options(), jobs.PEERS, until_the_end) == []
    assert "absent: no_such_package" in jobs.missing(Options())
    assert jobs.missing(Options(peers=())) == ""
