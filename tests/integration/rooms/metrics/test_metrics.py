"""`/metrics`: who may read it, and that it tells what it should in one process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from rooms.metrics import view as scrape

pytestmark = pytest.mark.django_db(transaction=True)


def names(answer: Any) -> set[str]:
    return {family.name for family in text_string_to_metric_families(answer.content.decode())}


@pytest.fixture
def collectors(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(scrape, "_collectors", found)
    return found


def test_this_machine_reads_it_without_a_session(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/metrics")
    assert not [each for each in queries if "session" in each["sql"] or "rooms_" in each["sql"]]
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert not answer.cookies
    assert {"parley_connections", "parley_events_sent", "parley_loop_lag_seconds"} <= names(answer)
    assert b"_created" not in answer.content


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_has_many_names(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "", "localhost"]
)
def test_other_machines_do_not_read_it(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 403
    assert b"parley_connections" not in answer.content


@pytest.mark.parametrize("header", scrape.FORWARDED)
def test_a_proxy_on_this_machine_does_not_open_it_to_the_world(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={header: "192.0.2.1"}).status_code == 403


def test_a_token_opens_it_from_anywhere_and_is_then_needed_everywhere(
    client: Client, settings: Any
) -> None:
    settings.PARLEY_METRICS_TOKEN = "scrape-me"
    right = {"Authorization": "Bearer scrape-me"}
    far: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.1"}
    assert client.get("/metrics", headers=right, **far).status_code == 200
    assert client.get("/metrics", headers={**right, "Via": "1.1 proxy"}).status_code == 200
    assert client.get("/metrics").status_code == 403
    for wrong in ("Bearer scrape", "Bearer", "Basic scrape-me", "Bearer scräpe-me"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 403


def test_it_is_only_read(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


def test_another_app_adds_what_it_counts(client: Client, collectors: list[Any]) -> None:
    class Depth:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            yield GaugeMetricFamily("parley_test_depth", "Of a test.", value=7)

    scrape.register(Depth())
    answer = client.get("/metrics")
    assert {"parley_test_depth", "parley_connections"} <= names(answer)
    assert b"parley_test_depth 7.0" in answer.content


def test_a_collector_that_fails_takes_nothing_from_the_others(
    client: Client, collectors: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            yield GaugeMetricFamily("parley_test_half", "Of a test.", value=1)
            raise RuntimeError("no such table")

    class Depth:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            yield GaugeMetricFamily("parley_test_depth", "Of a test.", value=7)

    scrape.register(Broken())
    scrape.register(Depth())
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert {"parley_test_depth", "parley_connections"} <= names(answer)
    assert "parley_test_half" not in names(answer)
    assert "no such table" in caplog.text


def test_numbers_of_a_process_that_has_only_just_begun_are_no_error(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counter_1.db").touch()
    (tmp_path / "counter_2.db").write_bytes(bytes(65536))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert client.get("/metrics").status_code == 200
