"""Where a link leads, as an address that a browser takes, and as people read it. Pure.

Called by `markdown_html`.
"""

import re
from urllib.parse import quote, unquote_to_bytes

SCHEMES = frozenset({"http", "https", "mailto"})

_scheme = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*):")
# What a browser leaves out, or takes for the start of an address.
_ignored = re.compile("[\x00-\x20\x7f]+")
_escape = re.compile("%(?![0-9A-Fa-f]{2})")
_host = re.compile(r"\A((?:https?:|mailto:[^@]*@)?(?://)?(?:[^/?#@]*@)?)([^/?#:@]*)", re.IGNORECASE)
_escaped = re.compile("(?:%[0-9A-Fa-f]{2})+")

LABEL_CHARACTERS = 63
# They mean something else in an address when they are not escaped.
RESERVED = frozenset(";/?:@&=+$,#%")


def leads_somewhere(address: str) -> bool:
    """Whether a link to it may be made: to the web, to a mailbox, or within this site."""
    scheme = _scheme.match(_ignored.sub("", address))
    return bool(address.strip()) and (scheme is None or scheme[1].lower() in SCHEMES)


def href(address: str) -> str:
    """The address in ASCII: names of hosts as Punycode, all else percent-encoded."""
    address = _escape.sub("%25", address)
    if not address.isascii() and (host := _host.match(address)) is not None:
        address = host[1] + _ascii_host(host[2]) + address[host.end() :]
    return quote(address, safe=";/?:@&=+$,-_.!~*'()#%")


def _ascii_host(host: str) -> str:
    return ".".join(
        label
        if label.isascii() or len(label) > LABEL_CHARACTERS
        else "xn--" + label.encode("punycode").decode()
        for label in host.split(".")
    )


def readable(address: str) -> str:
    """The address with what its escapes stand for, where that can be read and means the same."""
    return _escaped.sub(_unescaped, address) if "%" in address else address


def _unescaped(escaped: re.Match[str]) -> str:
    try:
        text = unquote_to_bytes(escaped[0]).decode()
    except UnicodeDecodeError:
        return escaped[0]
    return "".join(
        each if each.isprintable() and each not in RESERVED else quote(each, safe="")
        for each in text
    )
