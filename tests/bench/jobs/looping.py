"""What every peer's program does when it is to submit: one call after the other, timed."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

WARM_UP = 50


def submit(ways: dict[str, Callable[..., Any]]) -> None:
    """`program WAY COUNT [VALUE …]`: tells how many seconds it took and when it began. What warms
    up is submitted besides; what sleeps has no warm-up."""
    way, count, *values = sys.argv[1:]
    call, arguments = ways[way], [json.loads(value) for value in values]
    for _ in range(0 if values else min(WARM_UP, int(count) // 10)):
        call(*arguments)
    at, began = time.time(), time.perf_counter()
    for _ in range(int(count)):
        call(*arguments)
    print(json.dumps({"seconds": time.perf_counter() - began, "began": at}))
