"""The listening socket, bound before the server that accepts from it starts.

Used by `supervisor`, which shares one among its children, and by a web process that runs alone.
"""

from __future__ import annotations

import socket

# Connections that wait to be accepted when everybody comes back at once. The kernel has a bound of
# its own (net.core.somaxconn).
BACKLOG_CONNECTIONS = 2048


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, inherited by children that are given its number. Raises OSError."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, where = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
        listening.listen(BACKLOG_CONNECTIONS)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
