"""What becomes of DATABASE_URL and its variables."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import database
from config.env import Environment

HERE = Path("/data")


def made(url: str = "", **variables: Any) -> dict[str, Any]:
    return database(Environment(database_url=url, **variables), HERE)


def test_several_hosts_and_the_one_that_can_be_written() -> None:
    config = made("postgres://ann:p%40ss@h1:5432,h2:5433/parley")
    assert (config["HOST"], config["PORT"]) == ("h1,h2", "5432,5433")
    assert (config["USER"], config["PASSWORD"], config["NAME"]) == ("ann", "p@ss", "parley")
    assert config["OPTIONS"]["target_session_attrs"] == "read-write"
    any_of_them = made("postgres://h1,h2/parley?target_session_attrs=any")
    assert any_of_them["OPTIONS"]["target_session_attrs"] == "any"
    in_the_query = made("postgres:///parley?host=h1,h2&port=5432,5433&user=ann")
    assert (in_the_query["HOST"], in_the_query["USER"]) == ("h1,h2", "ann")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgres://ann@db/parley", "db"),
        ("postgresql://ann@db/parley", "db"),
        ("pgsql://ann@db/parley", "db"),
        ("postgres://ann@[::1]:5432/parley", "::1"),
        ("postgres://ann@%2Frun%2Fpostgresql/parley", "/run/postgresql"),
        ("postgres:///parley", ""),
    ],
)
def test_one_host(url: str, host: str) -> None:
    config = made(url)
    assert (config["HOST"], config["NAME"]) == (host, "parley")
    assert "target_session_attrs" not in config["OPTIONS"]


def test_every_wait_has_an_end() -> None:
    options = made("postgres://db/parley", parley_serving=True)["OPTIONS"]
    for name, value in {
        "statement_timeout": 10_000,
        "lock_timeout": 5_000,
        "idle_in_transaction_session_timeout": 15_000,
    }.items():
        assert f"-c {name}={value}" in options["options"]
    assert {"connect_timeout", "keepalives_idle", "tcp_user_timeout"} <= options.keys()
    pool = options["pool"]
    assert (pool["timeout"], pool["max_lifetime"], pool["max_size"]) == (5, 300, 16)
    assert pool["connection_class"].answer_seconds == 11


def test_a_worker_may_take_its_time() -> None:
    options = made("postgres://db/parley", parley_serving=False)["OPTIONS"]
    assert "-c statement_timeout=60000" in options["options"]
    assert made(parley_serving=False)["OPTIONS"]["timeout"] == 20
    assert made(parley_serving=True)["OPTIONS"]["timeout"] == 5


def test_what_the_url_says_goes_before() -> None:
    config = made(
        "postgres://db/parley?connect_timeout=9&sslmode=require&options=-c%20lock_timeout%3D1s"
    )
    assert config["OPTIONS"]["connect_timeout"] == "9"
    assert config["OPTIONS"]["sslmode"] == "require"
    assert config["OPTIONS"]["options"].endswith("-c lock_timeout=1s")
    schema = made("postgres://db/parley?currentSchema=chat&sslmode=disable")["OPTIONS"]
    assert schema["options"].endswith("-c search_path=chat")
    assert schema["sslmode"] == "disable"


def test_variables_set_the_pool() -> None:
    pool = made(
        "postgres://db/parley",
        database_pool_max=4,
        database_pool_timeout=2,
        database_pool_lifetime=60,
        database_statement_seconds=3,
    )["OPTIONS"]["pool"]
    assert (pool["max_size"], pool["timeout"], pool["max_lifetime"]) == (4, 2, 60)
    assert pool["connection_class"].answer_seconds == 4


def test_a_pooler_by_transactions_is_told_nothing_at_the_start() -> None:
    config = made("postgres://db/parley", database_pooler="transaction")
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert config["OPTIONS"]["prepare_threshold"] is None
    assert "options" not in config["OPTIONS"]
    assert config["OPTIONS"]["pool"]["connection_class"].answer_seconds


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgres://db/p?disable_server_side_cursors=true", "DATABASE_POOLER"),
        ("postgres://db/p?conn_max_age=60&pool=1", "conn_max_age, pool"),
        ("postgres://ann:s3cret@db/p?bogus=1&sslmode=require", "bogus"),
        ("postgres://ann:s3cret@db", "no database"),
        ("postgres://ann:s3/cret@db/p", "%2F"),
        ("postgres://ann:s3cret@db:port/p", "port"),
        ("postgres://ann:s3cret@h1:1,h2:99999/p", "port"),
        ("postgres://ann:s3%zzcret@db/p", "form"),
        ("mysql://ann:s3cret@db/p", "postgres://"),
        ("sqlite://:memory:", "file"),
        ("sqlite:////x.db?bogus=1", "bogus"),
        ("nonsense", "postgres://"),
    ],
)
def test_what_is_wrong_is_said_at_once_and_without_the_secret(url: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        made(url)
    assert says in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)
    assert "s3" not in str(caught.value) and "cret" not in str(caught.value)


def test_sqlite() -> None:
    assert made()["NAME"] == "/data/db.sqlite3"
    assert made("sqlite:////var/lib/x%20y.db")["NAME"] == "/var/lib/x y.db"
    assert made("sqlite:///x.db?timeout=3")["OPTIONS"]["timeout"] == 3
