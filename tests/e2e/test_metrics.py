"""The numbers of two web processes, told by either of them."""

import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.site import MANAGE, Site, free_port
from tests.support.waiting import until

Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Pair:
    """Two web processes that keep their numbers in one folder, behind a port each."""

    def __init__(self, site: Site) -> None:
        self.site = site
        folder = site.folder / "numbers"
        folder.mkdir()
        env = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
        site.web.environment = {**site.web.environment, **env}
        self.port = free_port()
        self.other = site._process(
            "web2", [*MANAGE, "serve", "--port", str(self.port)], lambda _: self._answers()
        )
        self.other.environment = site.web.environment
        site.processes["web2"] = self.other
        self.urls = [site.url, f"http://127.0.0.1:{self.port}"]

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/readyz", trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def numbers(self, which: int = 0) -> Numbers:
        answer = httpx.get(f"{self.urls[which]}/metrics", timeout=20, trust_env=False)
        assert answer.status_code == 200
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def pids(self, which: int = 0) -> set[int]:
        return {
            int(dict(labels)["pid"])
            for (name, labels), value in self.numbers(which).items()
            if name == "parley_process_resident_bytes" and value > 0
        }


@pytest.fixture
def pair() -> Iterator[Pair]:
    with Site(parts=()) as site:
        pair = Pair(site)
        site.web.start()
        pair.other.start()
        yield pair


def test_either_process_tells_of_both_and_not_of_the_dead(pair: Pair) -> None:
    both = {pair.site.web.pid, pair.other.pid}
    for which in (0, 1):
        until(lambda which=which: pair.pids(which) == both, what="both are told of")
    numbers = pair.numbers()
    for pid in both:
        label = (("pid", str(pid)),)
        assert numbers["parley_process_resident_bytes", label] > 10 * 2**20
        assert numbers["parley_process_cpu_seconds", label] > 0
        assert 5 < numbers["parley_process_open_files", label]
        assert (
            numbers["parley_process_open_files", label] < numbers["parley_process_max_files", label]
        )
        assert numbers["parley_loop_lag_seconds", label] >= 0
    (info,) = [key for key in numbers if key[0] == "parley_info"]
    assert numbers[info] == 1 and dict(info[1])["version"]

    pair.other.kill()
    assert pair.pids() == {pair.site.web.pid}
    pair.other.start()
    until(lambda: pair.pids() == {pair.site.web.pid, pair.other.pid}, what="the new one is told of")


def test_a_loop_that_is_held_up_shows(pair: Pair) -> None:
    """Stopped for a moment, as a loop is by a call that does not return."""
    key = ("parley_loop_lag_seconds", (("pid", str(pair.other.pid)),))
    until(lambda: key in pair.numbers(), what="it is measured")
    os.kill(pair.other.pid, signal.SIGSTOP)
    stopped = time.monotonic()
    until(lambda: time.monotonic() - stopped > 1)
    os.kill(pair.other.pid, signal.SIGCONT)
    until(lambda: pair.numbers().get(key, 0) > 0.5, what="the lag is told")
