"""Whose address counts, whatever a client or a proxy writes into the header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.http.client_address import client_address, network_of

PROXY = "10.0.0.1"


def test_without_proxies_the_header_says_nothing() -> None:
    assert client_address("192.0.2.1", "198.51.100.7", 0) == "192.0.2.1"


@pytest.mark.parametrize(
    ("header", "proxies", "expected"),
    [
        ("198.51.100.7", 1, "198.51.100.7"),
        ("made-up, 203.0.113.9, 198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.0.0.2", 2, "198.51.100.7"),
        (" 198.51.100.7 ", 1, "198.51.100.7"),
        (",,198.51.100.7", 1, "198.51.100.7"),
        ("198.51.100.7:4711", 1, "198.51.100.7"),
        ("2001:DB8:0::7", 1, "2001:db8::7"),
        ("[2001:db8::7]", 1, "2001:db8::7"),
        ("[2001:db8::7]:4711", 1, "2001:db8::7"),
        ('"[2001:db8::7]:4711"', 1, "2001:db8::7"),
        ("fe80::7%eth0", 1, "fe80::7"),
        ("::ffff:198.51.100.7", 1, "198.51.100.7"),
        ("[::ffff:c633:6407]:80", 1, "198.51.100.7"),
    ],
)
def test_the_outermost_proxy_of_ours_is_believed(header: str, proxies: int, expected: str) -> None:
    assert client_address(PROXY, header, proxies) == expected


@pytest.mark.parametrize(
    ("header", "proxies"),
    [
        ("", 1),
        ("198.51.100.7", 2),
        ("unknown", 1),
        ("_hidden", 1),
        ("198.51.100.7,", 1),
        ("010.1.1.1", 1),
        ("198.51.100.7:http", 1),
        ("198.51.100.7:²", 1),
        ("[2001:db8::7", 1),
        ("[2001:db8::7]x", 1),
        ("2001:db8::7::", 1),
        ("198.51.100.7\x00", 1),
        ("a" * 10_000, 1),
    ],
)
def test_what_is_no_address_in_the_right_place_leaves_the_proxy(header: str, proxies: int) -> None:
    assert client_address(PROXY, header, proxies) == PROXY


def test_the_other_end_is_normalised_as_well() -> None:
    assert client_address("::ffff:192.0.2.1", "", 0) == "192.0.2.1"
    assert client_address("", "", 0) == ""
    assert client_address("", "198.51.100.7", 1) == "198.51.100.7"
    assert len(client_address("x" * 10_000, "", 0)) <= 64


def test_a_subscriber_of_ipv6_is_one() -> None:
    one = network_of("2001:db8:1:2::1")
    assert one == network_of("2001:db8:1:2:ffff:ffff:ffff:ffff") == "2001:db8:1:2::/64"
    assert one != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("") == ""


@given(st.text(), st.text(), st.integers(0, 4))
def test_nothing_in_it_is_an_error(peer: str, header: str, proxies: int) -> None:
    assert len(network_of(client_address(peer, header, proxies))) <= 64


@given(st.text(), st.ip_addresses(v=4))
def test_a_client_cannot_choose_its_address(said: str, real: object) -> None:
    assert client_address(PROXY, f"{said}, {real}", 1) == str(real)
