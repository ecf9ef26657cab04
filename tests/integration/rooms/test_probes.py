"""Probes ask a process by its address, which is no name of the site."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

pytestmark = pytest.mark.django_db(transaction=True)

HOSTS = ["10.2.3.4:8000", "127.0.0.2", "pod-7.cluster.local", "not a host", ""]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_answered_whatever_the_host(
    client: Client, settings: Any, path: str, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get(path, HTTP_HOST=host)
    assert answer.status_code == 200
    assert host not in answer.content.decode() or not host


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_same_on_the_event_loop(settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    answer = async_to_sync(AsyncClient().get)(path, headers={"host": "10.2.3.4"})
    assert answer.status_code == 200


def test_metrics_still_ask_who_reads_them(client: Client, settings: Any) -> None:
    settings.PARLEY_METRICS_TOKEN = "scrape-me"
    assert client.get("/metrics", HTTP_HOST="10.2.3.4").status_code == 403
    token = {"Authorization": "Bearer scrape-me"}
    assert client.get("/metrics", HTTP_HOST="10.2.3.4", headers=token).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/api/v1/rooms", "/healthz/", "/readyz/x"]
)
def test_everything_else_looks_at_the_host(client: Client, settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    assert client.get(path, HTTP_HOST="evil.example").status_code == 400
