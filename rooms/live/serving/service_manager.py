"""What systemd is told of a service of `Type=notify`: that it is ready, that it ends, and, with
`WatchdogSec`, that it is alive. Without systemd nothing happens. Used by `supervisor`.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

# Ours alone: children that were told of them would speak for the whole service.
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")

READY = b"READY=1"
STOPPING = b"STOPPING=1"
ALIVE = b"WATCHDOG=1"


def tell(state: bytes) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or (state is ALIVE and "WATCHDOG_USEC" not in os.environ):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(state, address)


def environment_of_children() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name not in VARIABLES}
