"""Addresses of Redis: one place, every form, for all who use them."""

import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from kombu.transport.redis import Channel
from redis import ConnectionPool

from config import redis_url
from tests.support import environment

ADDRESSES = [
    "redis://host",
    "redis://host:6380/3",
    "redis://host?db=2",
    "redis://host:6379/1?db=2",
    "redis://:p%40ss@host/1",
    "redis://ann:p%40ss@host/1",
    "redis://[::1]:6379/2",
    "redis://host/2?socket_timeout=4&health_check_interval=7&max_connections=9",
    "redis://host?protocol=2",
    "rediss://host/1",
    "rediss://ann:pw@host/1?ssl_cert_reqs=none&ssl_check_hostname=false",
    "rediss://host?db=5&ssl_ca_certs=/etc/ssl/own.pem",
    "unix:///run/r.sock",
    "unix:///run/r.sock?db=4",
    "unix://ann:pw@/run/r.sock?db=7",
    "unix:///run/with%20space/r.sock",
]
# What says which Redis it is, whom it takes the caller for, and how it is trusted.
TELLING = {"host", "port", "path", "db", "username", "password"}
TELLING |= {"ssl_cert_reqs", "ssl_ca_certs", "ssl_check_hostname"}


def of_kombu(address: str) -> dict[str, Any]:
    """What Kombu's own transport makes of an address, without connecting."""
    connection = Connection(address)
    channel = Channel.__new__(Channel)
    channel.connection = type("Virtual", (), {"client": connection, "default_port": 6379})
    channel._registered = False
    return dict(channel._connparams())


def server(parts: dict[str, Any]) -> dict[str, Any]:
    """The same server in the same words: with what both leave out."""
    connection = ConnectionPool(**parts).make_connection()
    found = {
        name: getattr(connection, name.replace("ssl_cert_reqs", "cert_reqs"), None)
        for name in ("host", "port", "path", "db", "username", "password", "cert_reqs", "ca_certs")
    }
    return {**found, "tls": hasattr(connection, "cert_reqs")}


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_broker_is_the_same_redis(address: str) -> None:
    ours = redis_url.parts_of(address)
    assert server(of_kombu(redis_url.broker("", address))) == server(ours)
    assert redis_url.broker(address, "redis://other") == redis_url.broker("", address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_layer_takes_it_with_its_own_options(address: str) -> None:
    from channels_redis.utils import create_pool

    pool = create_pool({"address": address, "socket_timeout": 20, "socket_connect_timeout": 5})
    assert pool.make_connection()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "forms"),
        ("http://host", "forms"),
        ("redis-cluster://host", "forms"),
        ("redis://", "no host"),
        ("unix://", "no socket"),
        ("redis://:s3cret@host:port/0", "forms"),
        ("redis://:s3cret@host:99999/0", "forms"),
        ("redis://:s3cret@host/zero", "number of a database"),
        ("redis://:s3cret@host?db=one", "db"),
        ("redis://:s3cret@host?bogus=1", "bogus"),
        ("redis://:s3cret@host?ssl_cert_reqs=none", "ssl_cert_reqs"),
        ("rediss://:s3cret@host?ssl_cert_reqs=maybe", "maybe"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(address: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        redis_url.require_usable("REDIS_URL", address)
    assert says in str(caught.value)
    assert "REDIS_URL" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["amqp://guest:guest@mq//", "redis+socket:///r.sock"],
)
def test_other_brokers_are_left_as_they_are(address: str) -> None:
    assert redis_url.broker(address, "redis://host") == address


def test_sentinels_name_the_master_that_they_watch() -> None:
    address = "sentinel://:s3cret@a:1/0;sentinel://:s3cret@b:2/0?master=main"
    plain = "sentinel://:s3cret@a:1/0;sentinel://:s3cret@b:2/0"
    assert redis_url.broker(address, "redis://host") == plain
    assert redis_url.sentinel_master(address) == "main"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("sentinel://:s3cret@a:1", "name one master"),
        ("sentinel://:s3cret@a:1?master=x;sentinel://b:2?master=y", "name one master"),
        ("sentinel://:s3cret@a:port?master=x", "its form is"),
        ("sentinel://:s3cret@a:1;redis://b?master=x", "its form is"),
        ("sentinel://?master=x", "its form is"),
    ],
)
def test_what_is_wrong_with_sentinels_is_said(address: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=says) as caught:
        redis_url.sentinel_master(address)
    assert "s3cret" not in str(caught.value)


def test_celery_uses_the_address_as_it_was_understood() -> None:
    """It would read the environment by itself."""
    script = (
        "from config.celery import app; c = app.conf; print(c.broker_read_url, c.broker_write_url)"
    )
    environment_ = {**environment.clean(), "CELERY_BROKER_URL": "unix:///r.sock?db=2"}
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=environment.ROOT,
        env=environment_,
        capture_output=True,
        text=True,
    )
    understood = "redis+socket:///r.sock?virtual_host=2"
    assert answer.stdout.split() == [understood, understood], answer.stderr
