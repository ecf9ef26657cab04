"""Which address a request comes from, behind any number of reverse proxies. Pure.

Each proxy appends the address that it was spoken to from to `X-Forwarded-For`, and what stands left
of that was said by somebody else. So with N proxies of our own in front, the Nth entry from the
right was written by the outermost of them and is true; everything before it may be made up.

Used wherever something is counted or limited by address. How many proxies there are is
`settings.TRUSTED_PROXIES`; with any, the port must not be reachable past them.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# What one subscriber is commonly given; within it an address costs nothing.
IPV6_NETWORK_BITS = 64
# Longer than any address with its port: what is not an address is kept no longer than that.
ADDRESS_CHARACTERS = 64


def client_address(peer: str, forwarded_for: str, trusted_proxies: int) -> str:
    """The address of the client, normalised.

    `peer` is the other end of the connection ("" for a Unix socket), `forwarded_for` the value of
    `X-Forwarded-For` (several header lines joined by commas), `trusted_proxies` how many proxies
    of our own stand in front. Where the header has fewer entries than there are proxies, or has
    something that is no address in the place that counts, it is `peer`.
    """
    if trusted_proxies > 0:
        entries = forwarded_for.split(",")
        if len(entries) >= trusted_proxies:
            found = _normalised(entries[-trusted_proxies])
            if found is not None:
                return found
    return _normalised(peer) or peer[:ADDRESS_CHARACTERS]


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The key under which an address is counted: an IPv4 address itself, of an IPv6 address its
    /64 network. What is no address is its own key."""
    found = _parsed(address)
    if found is None:
        return address[:ADDRESS_CHARACTERS]
    if found.version == 6:
        return str(IPv6Network((int(found), IPV6_NETWORK_BITS), strict=False))
    return str(found)


@lru_cache(maxsize=1024)
def _normalised(entry: str) -> str | None:
    found = _parsed(entry)
    return None if found is None else str(found)


def _parsed(entry: str) -> IPv4Address | IPv6Address | None:
    """Of `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`, quoted or not; an IPv4
    address in IPv6's clothes is one of IPv4."""
    text = entry.strip().strip('"')
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or not _is_port(port):
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(f":{port}"):
            return None
    try:
        # A zone names an interface of some other machine.
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and text[1:].isascii() and text[1:].isdigit())
