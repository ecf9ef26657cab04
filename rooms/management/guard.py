"""Kills the process groups it was told of, once the process that told it is gone.

Started by `processes` as a plain script. Reads lines `+GROUP` and `-GROUP`; the end of the input
means that the other side ended, be it by SIGKILL. A pipe works on every Unix, which the kernel's
own "tell me when my parent dies" does not, and that would not reach the children's children.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def send(groups: set[int], number: int) -> set[int]:
    """Signal the groups; returns those that are still there."""
    alive = set()
    for group in groups:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            continue
        except PermissionError:  # macOS says so of a group of zombies
            continue
        alive.add(group)
    return alive


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        if line[:1] == "+":
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    groups = send(groups, signal.SIGTERM)
    end = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < end:
        time.sleep(0.05)
        groups = send(groups, 0)
    send(groups, signal.SIGKILL)


if __name__ == "__main__":
    main()
