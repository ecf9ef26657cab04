"""Addresses as they may be shown."""

import pytest

from rooms.core.redaction import without_password


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://:s3cret@host:6379/0", "redis://:***@host:6379/0"),
        ("redis://ann:s3cret@host/0", "redis://ann:***@host/0"),
        ("rediss://ann:p@s3cret@host/0", "rediss://ann:***@host/0"),
        ("unix://ann:s3cret@/run/redis.sock?db=4", "unix://ann:***@/run/redis.sock?db=4"),
        ("unix:///run/r.sock?db=4&password=s3cret", "unix:///run/r.sock?db=4&password=***"),
        ("redis://host?password=s3cret&db=2", "redis://host?password=***&db=2"),
        ("postgres://ann:s3/cret@db/parley", "postgres://ann:***@db/parley"),
        ("postgres://ann:s3cret@h1:5432,h2:5433/p?sslpassword=s3cret&sslmode=require",
         "postgres://ann:***@h1:5432,h2:5433/p?sslpassword=***&sslmode=require"),
        ("amqp://guest:s3cret@mq//", "amqp://guest:***@mq//"),
        ("smtp://a%40b:s3cret@mail:587/?tls=1", "smtp://a%40b:***@mail:587/?tls=1"),
        ("sentinel://:s3cret@a:1;sentinel://:s3cret@b:2", "sentinel://:***@a:1;sentinel://:***@b:2"),
        ("host=db password=s3cret user=ann", "host=db password=*** user=ann"),
        ("error 111 connecting to redis://:s3cret@h/0.", "error 111 connecting to redis://:***@h/0."),
    ],
)  # fmt: skip
def test_no_secret_is_shown(address: str, shown: str) -> None:
    assert without_password(address) == shown
    assert "cret" not in shown


@pytest.mark.parametrize(
    "address",
    ["redis://host:6379/0", "unix:///tmp/r.sock", "ann@example.com", "https://x.org/a@b", "plain"],
)
def test_what_has_no_secret_stays(address: str) -> None:
    assert without_password(address) == address
