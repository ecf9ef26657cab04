"""Where webhooks may lead, whatever the address is dressed as."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from jobs.webhooks import addresses
from jobs.webhooks.addresses import Refused, WebhookTarget


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", WebhookTarget("https", "example.com", 443, "/")),
        ("http://example.com:8080/a?b=c", WebhookTarget("http", "example.com", 8080, "/a?b=c")),
        ("https://[2001:db8::1]/x", WebhookTarget("https", "2001:db8::1", 443, "/x")),
        ("HTTPS://EXAMPLE.com/A#part", WebhookTarget("https", "example.com", 443, "/A")),
    ],
)
def test_an_address(url: str, target: WebhookTarget) -> None:
    assert addresses.parsed(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://example.com",
        "https://",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://example.com:99999",
        "https://example.com:x",
        "https://exa mple.com",
        "https://example.com/\r\nHost: other",
        "https://bücher.example",
        "https://[::1",
        "https://" + "a" * 2000,
    ],
)
def test_no_address(url: str) -> None:
    with pytest.raises(Refused):
        addresses.parsed(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_what_is_not_on_the_internet(address: str) -> None:
    assert not addresses.is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111"])
def test_what_is(address: str) -> None:
    assert addresses.is_public(ip_address(address))


def look_up(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


TARGET = addresses.parsed("https://hook.example/x")


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up(monkeypatch, "1.1.1.1", "10.0.0.7")
    with pytest.raises(Refused, match=r"10\.0\.0\.7"):
        addresses.resolved(TARGET, [])
    assert addresses.resolved(TARGET, addresses.networks("10.0.0.0/8")) == ["1.1.1.1", "10.0.0.7"]


def test_an_address_in_other_clothes_is_looked_up_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """2130706433, 0x7f.1 and 127.1 are for the resolver to read, and what it says counts."""
    look_up(monkeypatch, "127.0.0.1")
    for host in ("2130706433", "0x7f.1", "127.1", "localhost"):
        with pytest.raises(Refused):
            addresses.resolved(addresses.parsed(f"http://{host}/"), [])


def test_networks_are_read_or_refused() -> None:
    assert [str(each) for each in addresses.networks("10.0.0.0/8, fd00::/8")] == [
        "10.0.0.0/8",
        "fd00::/8",
    ]
    assert addresses.networks("") == []
    with pytest.raises(ValueError):
        addresses.networks("10.0.0.0/8, house")
