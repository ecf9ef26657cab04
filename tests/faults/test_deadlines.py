"""Waits for PostgreSQL that end on this side."""

from collections.abc import Iterator

import psycopg
import pytest

from rooms.database import deadlines
from tests.support import postgres

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.cluster() as url:
        yield url


def connect(url: str, seconds: float) -> psycopg.Connection:
    return deadlines.bounded(seconds).connect(url, autocommit=True)


def test_a_server_that_stands_still_is_left(server: str) -> None:
    with connect(server, 0.3) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        with postgres.frozen(server):
            with pytest.raises(deadlines.Silent):
                connection.execute("SELECT 1")
            assert connection.closed
            # What follows knows it at once.
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")


def test_a_commit_that_nobody_answers_ends_as_well(server: str) -> None:
    connection = deadlines.bounded(0.3).connect(server)
    connection.execute("CREATE TEMPORARY TABLE x (y int)")
    with postgres.frozen(server), pytest.raises(deadlines.Silent):
        connection.commit()
    assert connection.closed


def test_who_has_less_time_waits_less(server: str) -> None:
    with connect(server, 60) as connection, deadlines.within(0.2):
        with pytest.raises(deadlines.Silent):
            connection.execute("SELECT pg_sleep(30)")
    with connect(server, 60) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_time_is_for_all_that_is_asked(server: str) -> None:
    with connect(server, 60) as connection, deadlines.within(0.3):
        with deadlines.within(60), pytest.raises(deadlines.Silent):
            for _ in range(1000):
                connection.execute("SELECT pg_sleep(0.01)")


def test_a_migration_may_take_as_long_as_it_takes(server: str) -> None:
    with connect(server, 0.1) as connection, deadlines.unbounded():
        assert connection.execute("SELECT 1 FROM pg_sleep(0.3)").fetchone() == (1,)


def test_an_error_of_the_statement_is_that_error(server: str) -> None:
    with connect(server, 60) as connection:
        connection.execute("SET statement_timeout = 50")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")
        assert not connection.closed
