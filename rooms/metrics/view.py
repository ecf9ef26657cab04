"""What Prometheus reads at `/metrics`: the numbers of all web processes that run together.

Whichever process answers tells of all: `manage.py serve` gives its processes one directory, named
by PROMETHEUS_MULTIPROC_DIR, in which each keeps its numbers. Without that variable a process tells
of itself. Other apps add what they count by `register`.
"""

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from rooms.core.credentials import bearer
from rooms.core.outages import Outage
from rooms.database import deadlines
from rooms.database.trouble import reason
from rooms.live.metrics import names as live_metrics  # noqa: F401 - makes them known from the first scrape on
from rooms.live.serving import dead_process_metrics

logger = logging.getLogger(__name__)
_uncollected = Outage(logger, "Numbers could not be collected", level=logging.ERROR)

# Prometheus gives up after ten seconds, and then has nothing at all.
COLLECT_SECONDS = 2.0

# A proxy on this machine comes from loopback as well, on behalf of the whole world.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via")


class Collector(Protocol):
    """Says at each scrape what stands in the database or elsewhere, the same in every process."""

    def collect(self) -> Iterable[Metric]: ...


_collectors: list[Collector] = []


def register(collector: Collector) -> None:
    """Have `collector` asked at each scrape, in a thread in which the database may be used."""
    _collectors.append(collector)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        text = "Metrics need PARLEY_METRICS_TOKEN; without one they are only for this machine.\n"
        answer = HttpResponse(text, status=403, content_type="text/plain")
    else:
        answer = HttpResponse(text_of_all(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    answer["Cache-Control"] = "no-store"
    return answer


def may_read(request: HttpRequest) -> bool:
    """With a token set: its holders. Without: requests from this machine that came through no
    proxy."""
    expected = settings.PARLEY_METRICS_TOKEN
    if expected:
        token = bearer(request.headers.get("Authorization", ""))
        return token is not None and constant_time_compare(token, expected)
    forwarded = any(name in request.headers for name in FORWARDED)
    return not forwarded and is_loopback(request.META.get("REMOTE_ADDR") or "")


def is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def text_of_all() -> bytes:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    counted = text_of(AllProcesses(Path(folder))) if folder else generate_latest(REGISTRY)
    return counted + b"".join(text_unless_it_fails(each) for each in _collectors)


def text_of(collector: Collector) -> bytes:
    alone = CollectorRegistry(auto_describe=False)
    alone.register(collector)
    return generate_latest(alone)


def text_unless_it_fails(collector: Collector) -> bytes:
    """One that fails, or waits for a silent database, takes nothing away from the others."""
    try:
        with deadlines.within(COLLECT_SECONDS):
            text = text_of(collector)
    except Exception as error:
        # It is asked for every few seconds.
        _uncollected.failed(error, traceback=reason(error) is None, about=type(collector).__name__)
        return b""
    _uncollected.over()
    return text


class AllProcesses:
    """The numbers of all processes that keep theirs in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        with dead_process_metrics.reading(self._folder):
            forget_the_dead(self._folder)
            # One that has only just been made, or was made in the moment of a death, is empty.
            files = [str(file) for file in self._folder.glob("*.db") if size(file)]
            found: Iterable[Metric] = MultiProcessCollector.merge(files)
            return found


def size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def forget_the_dead(folder: Path) -> None:
    """What a process counted stays; what it was at when it died, like its open sockets, goes.

    The parent of `serve` sees to that as well; this also finds what died with it.
    """
    names = {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*_*.db")}
    for name in names:
        if name.isdigit() and not alive(int(name)):
            # Somebody else may just be doing the same.
            with suppress(FileNotFoundError):
                mark_process_dead(int(name), str(folder))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
