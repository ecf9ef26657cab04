"""The loads of the scenarios against a real server."""

import pytest

from tests.bench.driver import LoadFailed
from tests.bench.scenarios.loader import Loader
from tests.bench.scenarios.people import settle
from tests.bench.scenarios.server import counted, serving, talkers

# Not about the database.
pytestmark = pytest.mark.once


def test_people_talk_sleep_wake_and_are_counted() -> None:
    with serving() as site:
        members = {"lobby": [0, 1, 2, 3], "attic": [4, 5]}
        people = settle(site, members, private=True, cookies=True)
        rooms = {slug: [people[number] for number in them] for slug, them in members.items()}
        sleeper = rooms["lobby"].pop()
        with talkers(site.port, filling="x" * 300) as load:
            load.ask("settle", rooms=rooms)
            assert counted(site, "parley_connections") == 5
            load.ask("settle", rooms={"lobby": [sleeper]}, asleep=True)
            found = load.ask("measure", seconds=1, rate=5)
            assert found["wrong"] == [] and found["refused"] == {}
            assert found["all"] >= found["samples"] > 0
            assert 0 < found["p50_ms"] <= found["p99_ms"] <= found["worst_ms"]
            assert load.ask("wake")["wrong"] == []
            said = site.ask("Message.objects.filter(room__slug='lobby').count()")
            other = site.ask("Message.objects.filter(room__slug='attic').count()")
            total = load.ask("measure", seconds=0.2, in_flight=1)["delivered"]
            # The sleeper has heard what the others had, and left.
            assert total > 4 * said + 2 * other > 0


def test_a_load_that_cannot_do_its_part_says_why() -> None:
    with serving() as site:
        people = settle(site, {"lobby": [0]})
        with talkers(site.port) as load, pytest.raises(LoadFailed, match="ended a connection"):
            load.ask("settle", rooms={"lobby": [{"Authorization": "Bearer nobody"}]}, seconds=20)
        with talkers(site.port) as load, pytest.raises(LoadFailed, match="were let in in"):
            load.ask("settle", rooms={"elsewhere": [people[0]]}, seconds=1)
        with Loader("tests.bench.scenarios.nothing", {}) as load, pytest.raises(LoadFailed):
            load.ask("settle")


def test_the_restless_and_the_loyal_miss_nothing() -> None:
    with serving() as site:
        members = {"lobby": list(range(12))}
        people = settle(site, members)
        with Loader("tests.bench.scenarios.churning", {"port": site.port}) as load:
            load.ask(
                "settle",
                loyal={"lobby": [people[0], people[1]]},
                restless=[[people[number], "lobby"] for number in range(2, 12)],
            )
            while (found := load.ask("tell"))["done"].get("resume", 0) < 3:
                assert found["wrong"] == [] and found["refused"] == {}
                load.ask("rest", seconds=0.2)
            load.ask("leave")
            heads = site.ask("dict(Room.objects.values_list('slug', 'last_seq'))")
            load.ask("heard", heads=heads)
            assert load.ask("tell")["wrong"] == []
