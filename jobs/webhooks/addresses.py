"""Where a webhook may lead: the server must not be made to ask what only it can reach.

A name is looked up when something is sent, and the connection is made to an address that was
looked at: between two look-ups a name may change.
"""

import socket
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple
from urllib.parse import urlsplit

MOST_CHARACTERS = 2_000
PORTS = {"http": 80, "https": 443}
# Translated to IPv4 by gateways: what stands within counts.
NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Refused(ValueError):
    """The address is not one that may be asked, in words for who gave it."""


class WebhookTarget(NamedTuple):
    scheme: str
    host: str
    port: int
    # With its query.
    path: str

    @property
    def authority(self) -> str:
        """For the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parsed(url: str) -> WebhookTarget:
    """Raises Refused for what is no address to send to."""
    if len(url) > MOST_CHARACTERS:
        raise Refused(f"An address has at most {MOST_CHARACTERS:,} characters.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise Refused("An address is written in ASCII: encode what is not.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("That is no address.") from None
    if parts.scheme not in PORTS:
        raise Refused("An address begins with https:// or http://.")
    if not parts.hostname:
        raise Refused("The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise Refused("An address with a user name or password would show them; use the signature.")
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return WebhookTarget(parts.scheme, parts.hostname, port or PORTS[parts.scheme], path)


def networks(text: str) -> list[Network]:
    """Of a list with commas between. Raises ValueError."""
    return [ip_network(each.strip()) for each in text.split(",") if each.strip()]


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could ask the same. Private, loopback, link-local (where
    clouds keep credentials) and reserved addresses are not, in whatever clothes they come."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def resolved(target: WebhookTarget, allowed: Iterable[Network]) -> list[str]:
    """The addresses of the host. Raises Refused if any of them is neither public nor allowed, and
    OSError when there is none."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    listed = list(allowed)
    addresses: list[str] = []
    for *_, place in found:
        # A link-local one may have its interface behind a percent sign.
        text = str(place[0]).partition("%")[0]
        address = ip_address(text)
        if not is_public(address) and not any(address in network for network in listed):
            raise Refused(f"{target.host} leads to {text}, which is not on the internet.")
        if text not in addresses:
            addresses.append(text)
    return addresses
