"""Requests that are too large, too slow or too many, by people who are not logged in: refused
before anything is stored, and felt by nobody else."""

import json
import resource
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

from tests.support.raw import Raw, frame, handshake, metric, opened
from tests.support.site import Site, answers
from tests.support.waiting import until

pytestmark = pytest.mark.once

GIBIBYTE = 1024**3


@pytest.fixture(scope="module")
def brief() -> Iterator[Site]:
    """Short times, few guests."""
    env = {
        "PARLEY_HEADER_SECONDS": "1",
        "PARLEY_BODY_SECONDS": "1",
        "PARLEY_BODY_BYTES_PER_SECOND": "1000000",
        "PARLEY_IDLE_SECONDS": "1",
        "PARLEY_GUESTS_PER_ADDRESS": "20",
        "PARLEY_CREDENTIAL_FAILURES_PER_SECOND": "0.1",
        "PARLEY_CREDENTIAL_FAILURES_BURST": "5",
    }
    with Site(env, parts=("web",)) as running:
        running.room("hall", "alice", "bob")
        yield running


def head(path: str, *headers: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/nowhere", "/ws/"])
def test_a_large_body_is_refused_at_the_header(brief: Site, path: str) -> None:
    with Raw(brief.port) as raw:
        raw.send(head(path, f"Content-Length: {GIBIBYTE}", "Expect: 100-continue"))
        status, _ = raw.answer()
        assert status == 413
        assert raw.until_closed() == b""


def test_below_the_api_it_is_a_problem_and_the_bound_a_larger_one(brief: Site) -> None:
    with Raw(brief.port) as raw:
        raw.send(head("/api/v1/rooms", "Content-Length: 3000000"))
        status, body = raw.answer()
        assert (status, json.loads(body)["code"]) == (413, "too_long")
    with brief.api() as api:
        assert api.post("/rooms", content=b"x" * 1_000_000).status_code == 401


def test_chunks_are_counted_as_they_come(brief: Site) -> None:
    with Raw(brief.port) as raw:
        raw.send(head("/accounts/login/", "Transfer-Encoding: chunked"))
        for _ in range(64):
            raw.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert raw.answer()[0] == 413


def test_a_gibibyte_leaves_nothing_behind(brief: Site) -> None:
    process = psutil.Process(brief.web.pid)
    before = process.memory_info().rss
    for encoding in (f"Content-Length: {GIBIBYTE}", "Transfer-Encoding: chunked"):
        with Raw(brief.port) as raw:
            raw.send(head("/accounts/login/", encoding))
            piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
            with pytest.raises(ConnectionError):
                for _ in range(1024):
                    raw.send(piece)
    assert answers(brief.url)
    assert process.memory_info().rss - before < 20 * 1024 * 1024


def test_bodies_of_all_together_are_bounded() -> None:
    with Site({"PARLEY_BODIES_BYTES": "100000"}, parts=("web",)) as site, ExitStack() as stack:
        for number in range(4):
            raw = stack.enter_context(Raw(site.port))
            raw.send(head("/accounts/login/", "Content-Length: 50000") + b"x" * 49_000)
            if number >= 2:
                assert raw.answer()[0] == 503
        stack.pop_all().close()
        # Its form is not ours, but it was read: there is room again.
        until(lambda: post(site, b"x" * 50_000) == 403)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /" + b"x" * 17_000, 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: b\r\n" + (b" " + b"c" * 900 + b"\r\n") * 20, 431),
        (b"nonsense\r\n\r\n", 400),
    ],
    ids=["long line", "endless line", "long header", "many headers", "folded header", "nonsense"],
)  # fmt: skip
def test_what_does_not_fit_is_told_so(brief: Site, sent: bytes, expected: int) -> None:
    with Raw(brief.port) as raw:
        raw.send(sent)
        assert raw.answer()[0] == expected


def test_a_header_that_drips_is_cut_by_its_whole_time(brief: Site) -> None:
    with Raw(brief.port) as raw:
        raw.send(b"GET /healthz HTTP/1.1\r\n")

        def cut() -> bool:
            if raw.is_closed():
                return True
            try:
                raw.send(b"a")
            except ConnectionError:
                return True
            return False

        until(cut, 20)
        assert raw.data.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_drips_is_cut_by_its_whole_time(brief: Site) -> None:
    with Raw(brief.port) as raw:
        raw.send(head("/accounts/login/", "Content-Length: 60000"))

        def cut() -> bool:
            if raw.is_closed():
                return True
            try:
                raw.send(b"x")
            except ConnectionError:
                return True
            return False

        until(cut, 20)
        assert raw.data.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_who_says_nothing_more_is_closed(brief: Site, sent: bytes) -> None:
    with Raw(brief.port) as raw:
        raw.send(sent)
        said = raw.until_closed()
        assert said.count(b"HTTP/1.1") == bool(sent)


def test_an_answer_that_nobody_takes_is_given_up(brief: Site) -> None:
    """Also when it was to be the last one."""
    process = psutil.Process(brief.web.pid)
    before = len(process.net_connections("tcp"))
    with ExitStack() as stack:
        for last in ("keep-alive", "close"):
            raw = stack.enter_context(Raw(brief.port, receive_buffer=4096))
            asked = head("/api/v1/openapi.json", f"Connection: {last}", method="GET")
            raw.send(asked * (30 if last == "keep-alive" else 1))
        until(lambda: len(process.net_connections("tcp")) <= before, 30)


def test_half_requests_of_one_address_hold_up_nobody(brief: Site) -> None:
    gone = metric(brief, 'parley_guests_turned_away_total{how="made_way"}')
    with opened(brief, brief.user("alice")) as inside, ExitStack() as stack:
        for _ in range(60):
            raw = stack.enter_context(Raw(brief.port))
            raw.send(b"GET / HTTP/1.1\r\n")
        # From the same address, all the same.
        assert answers(brief.url)
        assert metric(brief, "parley_guests") <= 20
        assert not inside.is_closed()
        assert metric(brief, 'parley_guests_turned_away_total{how="made_way"}') >= gone + 40


def test_another_address_keeps_its_connections(brief: Site) -> None:
    with Raw(brief.port, source="127.0.0.2") as other, ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(Raw(brief.port))
        other.send(head("/healthz", method="GET"))
        assert other.answer()[0] == 200


def test_wrong_tokens_of_one_address_are_not_looked_up_for_ever(brief: Site) -> None:
    alice = brief.user("alice")
    wrong = handshake(Authorization="Bearer wrong")
    seen = []
    # Somebody of that address who was let in before.
    with opened(brief, alice, source="127.0.0.3"):
        for _ in range(12):
            with Raw(brief.port, source="127.0.0.3") as raw:
                raw.send(wrong)
                seen.append(raw.until_closed()[:12])
        assert seen[0] == b"HTTP/1.1 101" and seen[-1] == b"HTTP/1.1 429"
        assert 4 <= seen.count(b"HTTP/1.1 101") <= 7
        # So is REST, and who is known there still comes in, and everybody from elsewhere.
        with Raw(brief.port, source="127.0.0.3") as raw:
            raw.send(head("/api/v1/rooms", "Authorization: Bearer wrong", method="GET"))
            assert raw.answer()[0] == 429
        opened(brief, alice, source="127.0.0.3").socket.close()
    opened(brief, alice, source="127.0.0.4").socket.close()


def test_wrong_tokens_of_rest_count_as_well(brief: Site) -> None:
    seen = []
    for _ in range(12):
        with Raw(brief.port, source="127.0.0.5") as raw:
            raw.send(head("/api/v1/rooms", "Authorization: Bearer wrong", method="GET"))
            seen.append(raw.answer()[0])
    assert seen[0] == 401 and seen[-1] == 429


def test_behind_a_proxy_it_is_the_clients_address_that_counts() -> None:
    env = {
        "PARLEY_TRUSTED_PROXIES": "1",
        "HTTPS": "false",
        "PARLEY_GUESTS_PER_ADDRESS": "2",
        "PARLEY_CREDENTIAL_FAILURES_PER_SECOND": "0.1",
        "PARLEY_CREDENTIAL_FAILURES_BURST": "3",
    }
    with Site(env, parts=("web",)) as site, ExitStack() as stack:
        waiting = [stack.enter_context(Raw(site.port)) for _ in range(20)]
        for raw in waiting:
            raw.send(head("/healthz", method="GET"))
        assert [raw.answer()[0] for raw in waiting] == [200] * 20

        def tried(forwarded: str) -> int:
            with Raw(site.port) as raw:
                said = (f"X-Forwarded-For: {forwarded}", "Authorization: Bearer wrong")
                raw.send(head("/api/v1/rooms", *said, method="GET"))
                return raw.answer()[0]

        # What stands before the last entry is made up.
        seen = [tried(f"192.0.2.{n}, 2001:db8::{n}") for n in range(8)]
        assert seen[0] == 401 and seen[-1] == 429
        assert tried("2001:db8:0:1::1") == 401


def test_descriptors_that_run_out_are_not_those_of_people_inside() -> None:
    files = 200
    with Site(parts=("web",)) as site:
        # As a shell's `ulimit -n` would have it, for soft and hard limit alike.
        site.web.command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *site.web.command]
        site.web.kill()
        site.web.start()
        site.room("hall", "alice", "bob")
        with opened(site, site.user("alice")) as inside, ExitStack() as stack:
            for number in range(300):
                raw = stack.enter_context(Raw(site.port, source=f"127.0.0.{number % 200 + 10}"))
                try:
                    raw.send(b"GET / HTTP/1.1\r\n")
                except ConnectionError:
                    pass
            command = {"id": 1, "type": "subscribe", "room": "hall"}
            inside.send(text(command))
            assert inside.told("subscribed")["room"] == "hall"
            assert answers(site.url)
            open_files = psutil.Process(site.web.pid).num_fds()
            assert open_files < files - 20, open_files
        assert "Traceback" not in site.log("web")


def test_the_soft_limit_of_open_files_is_raised(brief: Site) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = metric(brief, f'parley_process_max_files{{pid="{brief.web.pid}"}}')
    assert most >= min(hard, 20_000)


def post(site: Site, body: bytes) -> int:
    with Raw(site.port) as raw:
        raw.send(head("/accounts/login/", f"Content-Length: {len(body)}") + body)
        return raw.answer()[0]


def text(command: dict[str, object]) -> bytes:
    return frame(0x81, json.dumps(command).encode())
