"""What web processes that have died had counted: it stays, in one file of each kind for all of
them. What they were at when they died, such as their open sockets, goes.

`supervisor` takes over the files of a child that has died, /metrics reads all that there are. They
take turns by a lock beside the files: nothing is read twice, or not at all.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

logger = logging.getLogger(__name__)

LOCK = "lock"
# Both are sums: what two processes have counted is what one would have counted.
KINDS = ("counter", "histogram")


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Nothing is taken over meanwhile."""
    with open(folder / LOCK, "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def take_over(folder: Path, process: int) -> bool:
    """Whether it is done. Not while somebody reads: that may be a process that stands still."""
    with open(folder / LOCK, "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        mark_process_dead(process, str(folder))
        for kind in KINDS:
            left = folder / f"{kind}_{process}.db"
            try:
                if left.exists():
                    _add(left, folder / f"{kind}_dead.db")
            except Exception:
                logger.exception("What is in %s stays there", left)
    return True


def _add(left: Path, all_dead: Path) -> None:
    """Written beside and then put in place: half of it is never seen."""
    if left.stat().st_size:
        sums = all_dead.with_suffix(".new")
        sums.unlink(missing_ok=True)
        if all_dead.exists():
            shutil.copyfile(all_dead, sums)
        values = MmapedDict(str(sums))
        try:
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(left)):
                before, _ = values.read_value(key)
                values.write_value(key, before + value, 0.0)
        finally:
            values.close()
        os.replace(sums, all_dead)
    left.unlink()
