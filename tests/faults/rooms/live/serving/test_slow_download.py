"""Files that are read slowly: what a process holds of them, and whom they keep waiting."""

from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

from tests.support.raw import Raw
from tests.support.site import Person, Site
from tests.support.waiting import until

pytestmark = pytest.mark.once

MEBIBYTE = 1024 * 1024
FILE_BYTES = 96 * MEBIBYTE
HELD_BYTES = 32 * MEBIBYTE
RECEIVE_BUFFER_BYTES = 64 * 1024
LARGE = {"PARLEY_UPLOAD_BYTES": str(2 * FILE_BYTES)}


@pytest.fixture(scope="module")
def patient() -> Iterator[Site]:
    env = {
        "PARLEY_REQUESTS_AT_ONCE": "3",
        "PARLEY_REQUESTS_AT_ONCE_PER_CLIENT": "2",
        **LARGE,
    }
    with Site(env, parts=("web",)) as running:
        yield running


def file_of(site: Site) -> str:
    """The address of a large file that Bob may read."""
    site.room("hall", "alice", "bob")
    path = site.ask(
        "from django.core.files.base import ContentFile\n"
        f"content = ContentFile(b'x' * {FILE_BYTES})\n"
        "room = Room.objects.get(slug='hall')\n"
        "row = actions.attach(room, None, 'large.bin', 'application/octet-stream', content)\n"
        "result = f'/attachments/{row.pk}/{row.name}'\n"
    )
    return str(path)


def get(path: str, person: Person) -> bytes:
    proof = f"Authorization: {person.bearer['Authorization']}"
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", proof, "", ""]).encode()


def test_of_a_file_that_is_read_slowly_little_is_held_and_nobody_waits_for_it(
    patient: Site,
) -> None:
    path, bob = file_of(patient), patient.user("bob")
    process = psutil.Process(patient.web.pid)
    with ExitStack() as stack:
        slow = []
        before = process.memory_info().rss
        for _ in range(6):
            raw = stack.enter_context(Raw(patient.port, receive_buffer=RECEIVE_BUFFER_BYTES))
            raw.send(get(path, bob))
            head, raw.data = raw._up_to(b"\r\n\r\n")
            assert b" 200 " in head
            slow.append(raw)
        assert process.memory_info().rss - before < HELD_BYTES
        # As many as are worked on at a time read, and others are answered.
        with patient.api(bob) as api:
            assert api.get("/rooms").status_code == 200
        reads = slow[0]
        taken = len(reads.data)
        while taken < FILE_BYTES:
            taken += len(reads._more())
        reads.data = b""
        assert taken == FILE_BYTES
        assert process.memory_info().rss - before < HELD_BYTES
        # The connection is good for the next request.
        reads.send(get("/api/v1/rooms", bob))
        assert reads.answer()[0] == 200


def test_who_reads_nothing_of_an_answer_is_given_up() -> None:
    with Site({"PARLEY_IDLE_SECONDS": "2", **LARGE}, parts=("web",)) as site:
        path, bob = file_of(site), site.user("bob")
        with Raw(site.port, receive_buffer=RECEIVE_BUFFER_BYTES) as stalled:
            stalled.send(get(path, bob))
            head, _ = stalled._up_to(b"\r\n\r\n")
            assert b" 200 " in head
            port = stalled.socket.getsockname()[1]

            def is_open() -> bool:
                there = psutil.Process(site.web.pid).net_connections("tcp")
                return any(each.raddr and each.raddr.port == port for each in there)

            until(lambda: not is_open(), 60, "the connection is given up")
