"""A TCP switch before Redis, as a balancer stands there: an address that leads to another server
after a failover, whatever became of the connections to the first.

    with Switch(socket_of_the_first) as switch:
        switch.hold()        # accepts, and says nothing
        switch.cut()         # closes the connections that there are
        switch.to(socket_of_the_second)
"""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

CHUNK_BYTES = 65_536


class Switch:
    def __init__(self, upstream: Path) -> None:
        """`upstream`: the Unix socket of a Redis."""
        self._upstream: Path | None = upstream
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.accepted = 0

    def __enter__(self) -> "Switch":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def to(self, upstream: Path) -> None:
        """New connections lead there; those that there are stay where they are."""
        self._upstream = upstream

    def hold(self) -> None:
        """New connections are accepted and lead nowhere."""
        self._upstream = None

    def cut(self) -> None:
        """Close every connection."""
        with self._lock:
            there, self._open = self._open, set()
        for each in there:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._keep(client)
            upstream = self._upstream
            if upstream is None:
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(upstream))
            except OSError:
                client.close()
                continue
            self._keep(server)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _keep(self, each: socket.socket) -> None:
        with self._lock:
            self._open.add(each)

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(CHUNK_BYTES):
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
