"""Sends one delivery: a POST to an address that was looked at. Redirects are not followed."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from .addresses import Network, WebhookTarget, resolved

# Of the whole: looking up, connecting, sending, and what is read of the answer.
SECONDS = 15.0
CONNECT_SECONDS = 5.0
READ_BYTES = 512


class TargetAnswer(NamedTuple):
    """`said` is the beginning of the answer's body, as text."""

    status: int
    said: str


class _Connection(http.client.HTTPConnection):
    """To an address that is given, under the name of its host."""

    def __init__(self, target: WebhookTarget, addresses: list[str]) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target, self._addresses = target, addresses

    def connect(self) -> None:
        error: OSError | None = None
        for address in self._addresses:
            try:
                self.sock = socket.create_connection(
                    (address, self._target.port), timeout=CONNECT_SECONDS
                )
                break
            except OSError as each:
                error = each
        else:
            raise error or OSError("no address")
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._target.host)


def post(
    target: WebhookTarget, content: bytes, headers: Mapping[str, str], allowed: Iterable[Network]
) -> TargetAnswer:
    """Raises Refused, and OSError or HTTPException where there is no answer."""
    until = time.monotonic() + SECONDS
    connection = _Connection(target, resolved(target, allowed))
    over: threading.Timer | None = None
    try:
        connection.connect()
        # `http.client` forgets it when the server will close.
        sock = connection.sock
        sock.settimeout(SECONDS)
        # Or a server that says a byte now and then would keep a worker for as long as it likes.
        over = threading.Timer(max(0.1, until - time.monotonic()), partial(_hang_up, sock))
        over.daemon = True
        over.start()
        connection.request("POST", target.path, content, {**headers, "Host": target.authority})
        response = connection.getresponse()
        try:
            said = response.read(READ_BYTES)
        except (OSError, http.client.HTTPException):
            # What counts has been said.
            said = b""
        return TargetAnswer(response.status, said.decode("utf-8", "replace"))
    finally:
        if over is not None:
            over.cancel()
        connection.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
