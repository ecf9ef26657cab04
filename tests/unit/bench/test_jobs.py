"""Of the measures of jobs, what is pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.jobs.http import Answer, parse, request
from tests.bench.jobs.million import statement
from tests.bench.jobs.rounds import judged, targets
from tests.bench.jobs.sides import rate
from tests.bench.report import Target

PLAIN = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\nRetry-After: 3\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@given(st.lists(st.sampled_from([PLAIN, CHUNKED, EMPTY]), max_size=4), st.data())
def test_answers_are_whole_however_they_come(answers: list[bytes], data: st.DataObject) -> None:
    stream, left = b"".join(answers), b""
    found: list[Answer] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        left, stream = left + stream[:cut], stream[cut:]
        while (one := parse(left)) is not None:
            answer, left = one
            found.append(answer)
    assert left == b""
    bodies = {PLAIN: (202, b"body"), CHUNKED: (200, b"body"), EMPTY: (204, b"")}
    assert [(each.status, each.body) for each in found] == [bodies[each] for each in answers]
    assert all(each.headers["retry-after"] == "3" for each in found if each.status == 202)


def test_a_request_says_how_long_it_is() -> None:
    said = request("POST", "/jobs", {"Authorization": "Bearer x"}, b"{}")
    head, _, body = said.partition(b"\r\n\r\n")
    assert body == b"{}"
    assert b"Content-Length: 2" in head and b"Authorization: Bearer x" in head


def test_a_rate_is_of_what_comes_after_the_first_tenth() -> None:
    slow_start = [0.0, 50.0]
    ends = [*slow_start, *(50.0 + n / 10 for n in range(1, 19))]
    assert rate(ends) == pytest.approx(10.0)


def test_what_was_not_measured_is_not_judged() -> None:
    target = Target("jobs/s", "≥ 1 × another", "", None)
    assert judged(target, 100.0, {"loop": 50.0}, "loop", 1.0).met is True
    assert judged(target, 100.0, {"loop": 150.0}, "loop", 1.0).met is False
    alone = judged(target, 100.0, None, "loop", 1.0)
    assert alone.met is None and alone.why
    mine = {"batch": 1.0, "clients": 1.0, "prefork": 1.0, "threads": 1.0}
    assert {each.met for each in targets({"Parley, SQLite": mine})} == {None}


def test_rows_are_numbered_without_gaps() -> None:
    for name in ("SQLite", "PostgreSQL"):
        written = statement(name, ["id", "kind", "title"], 10, 20, 100, 1, 2, "abc")
        assert "10" in written and "20" in written
        assert "pattern.title" in written and "pattern.kind" not in written
