"""When tasks of a peer ended that keeps nothing itself: each adds the time to one file, in one
write. What costs least, so that it is no part of the measure."""

import os
import struct
import time
from pathlib import Path

TIME = struct.Struct("d")
_file = -1


def mark() -> None:
    """Called by a task as the last thing that it does; the file is BENCH_TRACE."""
    global _file
    if _file < 0:
        _file = os.open(os.environ["BENCH_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(_file, TIME.pack(time.time()))


def ends(file: Path) -> list[float]:
    """Seconds since 1970, in order."""
    data = file.read_bytes() if file.exists() else b""
    return sorted(each for (each,) in TIME.iter_unpack(data[: len(data) // 8 * 8]))
