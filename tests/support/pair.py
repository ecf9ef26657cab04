"""Two web processes of a site, behind a port each, that keep their numbers in one folder: what is
known is who is connected to which. `site.web` is the first of them."""

import sys
from contextlib import suppress

import httpx
from prometheus_client.parser import text_string_to_metric_families

from .site import Person, Site, free_port

Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Pair:
    """A context manager. `env` is the site's."""

    def __init__(self, env: dict[str, str] | None = None) -> None:
        self.site = Site(env=env, parts=())
        self.web = self.site.web
        port = free_port()
        self.urls = [self.site.url, f"http://127.0.0.1:{port}"]
        self.socket_urls = [f"{url.replace('http', 'ws', 1)}/ws/" for url in self.urls]
        command = [sys.executable, "-m", "rooms.live", "--host", "127.0.0.1", "--port"]
        self.web.command = [*command, str(self.site.port)]
        self.other = self.site._process("other", [*command, str(port)], lambda _: self._answers())
        self.site.processes["other"] = self.other
        self.numbers_folder = self.site.folder / "numbers"
        self.numbers_folder.mkdir()

    def _answers(self) -> bool:
        with suppress(httpx.HTTPError):
            answer = httpx.get(f"{self.urls[1]}/readyz", timeout=5, trust_env=False)
            return answer.status_code == 200
        return False

    def __enter__(self) -> "Pair":
        self.site.__enter__()
        try:
            # Only now the site knows its database.
            folder = {"PROMETHEUS_MULTIPROC_DIR": str(self.numbers_folder)}
            for each in (self.web, self.other):
                each.environment, each.numbers = {**self.site.env, **folder}, None
                each.launch()
            for each in (self.web, self.other):
                each.wait_ready()
        except BaseException:
            self.site.stop()
            raise
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if error is not None:
            print(self.site.logs())
        self.site.stop()

    def get(self, path: str, person: Person, which: int = 0) -> httpx.Response:
        """A page as `person` gets it from one of the two."""
        url = self.urls[which] + path
        return httpx.get(url, headers=person.cookie, timeout=30, trust_env=False)

    def numbers(self, which: int = 0) -> Numbers:
        """What `/metrics` of one of the two says."""
        answer = httpx.get(f"{self.urls[which]}/metrics", timeout=20, trust_env=False)
        assert answer.status_code == 200
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def number(self, name: str, which: int = 0, **labels: str) -> float:
        return self.numbers(which).get((name, tuple(sorted(labels.items()))), 0.0)
